package ststest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

func TestLoadConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "roles.json")
	keySet := get(t, start(t, nil).URL+"/openid/v1/jwks")
	write(t, filepath.Join(dir, "jwks.json"), string(keySet))
	write(t, file, `{"issuer": "https://kubernetes.example", "audience": "aws", "jwks_file": "jwks.json", "region": "eu-west-1",
		"roles": [{"arn": "`+jobRole+`", "web_identity": {"StringLike": {"sub": ["*"]}}, "max_session_seconds": 7200, "lifetime_seconds": 20}],
		"users": [{"arn": "arn:aws:iam::111122223333:user/alice", "access_key_id": "`+userKey+`", "secret_access_key": "`+userSecret+`"}]}`)
	c, err := ststest.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	server := ststest.Start(t, ststest.Options{Config: c})
	// The key set is that of every server in this process, so a token of this one is good.
	if _, err := withToken(t, server, jobRole, server.Token(subject)); err != nil {
		t.Error(err)
	}
	if _, err := client(server, alice()).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	other := client(server, alice())
	_, err = other.GetCallerIdentity(t.Context(), nil, func(o *sts.Options) { o.Region = "us-east-1"; o.BaseEndpoint = aws.String(server.URL) })
	refused(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
}

func TestWrongConfig(t *testing.T) {
	dir := t.TempDir()
	for i, c := range []struct{ text, want string }{
		{`{"roles": [{"arn": "job"}]}`, `"job" is not a role ARN`},
		{`{"roles": [{"arn": "` + jobRole + `"}, {"arn": "` + jobRole + `"}]}`, "is there twice"},
		{`{"roles": [{"arn": "` + jobRole + `", "trusted": []}]}`, `unknown field "trusted"`},
		{`{"roles": [{"arn": "` + jobRole + `", "trust_also": ["sts:Tag"]}]}`, `is allowed "sts:Tag"`},
		{`{"roles": [{"arn": "` + jobRole + `", "web_identity": {"StringEquals": {"iss": ["a"]}}}]}`, `condition on "iss"`},
		{`{"users": [{"arn": "arn:aws:iam::111122223333:user/alice", "access_key_id": "ASIA1", "secret_access_key": "x"}]}`, "needs an AKIA key id"},
		{`{"jwks_file": "none.json"}`, "reading key set"},
		{`{`, "reading configuration"},
	} {
		file := filepath.Join(dir, fmt.Sprint(i))
		write(t, file, c.text)
		if _, err := ststest.LoadConfig(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := ststest.New(ststest.Options{Config: ststest.Config{JWKSFile: "jwks.json"}}); err == nil {
		t.Error("a key set's file was passed over")
	}
	for _, set := range []string{`{"keys": []}`, `[]`} {
		if _, err := ststest.New(ststest.Options{Config: ststest.Config{JWKS: []byte(set)}}); err == nil {
			t.Errorf("key set %s was taken", set)
		}
	}
}
