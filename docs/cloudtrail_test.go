package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/sdktest"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// The query of docs/cloudtrail.md finds the calls of one job run with both hops, and those of no other. It runs in SQLite, with
// Athena's function and its struct's fields under other names; the events of the hops are those of a chain.
func TestCloudTrailQuery(t *testing.T) {
	python := sdktest.Python(t)
	page, err := os.ReadFile("cloudtrail.md")
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(string(page), "    WITH hop AS (\n")
	query, _, found := strings.Cut(query, "\n\n")
	if !found {
		t.Fatal("no query")
	}
	const job, client, subject = "arn:aws:iam::111122223333:role/job", "arn:aws:iam::444455556666:role/client", "system:serviceaccount:emr:spark"
	sts := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: job, WebIdentity: &ststest.WebIdentity{}, MayAssume: []string{client}, MayAlso: []string{"sts:SetSourceIdentity"}},
		{ARN: client, TrustedBy: []string{job}, TrustAlso: []string{"sts:SetSourceIdentity"}},
	}}})
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(sts.Token(subject)), 0o600); err != nil {
		t.Fatal(err)
	}
	type event map[string]any
	var events []event
	for i, name := range []string{"000000035abcdefgh.spark-0", "000000035zzzzzzzz.spark-0"} {
		c := chain.New(chain.Spec{FirstHop: settings.WebIdentity, BaseRole: job, TokenFile: token, ClientRole: client, SessionName: name, STSEndpoint: sts.URL, Region: "eu-west-1", Options: chain.Options{SourceIdentity: "emr.spark"}}, nil)
		session, err := c.Client(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		object, _ := json.Marshal(map[string]string{"bucketName": "data", "key": fmt.Sprintf("part-%d", i)})
		events = append(events, event{"eventtime": "2026-11-27T00:00:00Z", "eventsource": "s3.amazonaws.com", "eventname": "GetObject", "key": session.AccessKeyID, "request": string(object)})
	}
	for _, e := range sts.Journal() {
		request, _ := json.Marshal(map[string]string{"roleArn": e.Role, "roleSessionName": e.SessionName, "sourceIdentity": e.SourceIdentity})
		response, _ := json.Marshal(map[string]any{"credentials": map[string]string{"accessKeyId": e.IssuedKeyID}})
		one := event{"eventtime": "2026-11-26T23:59:00Z", "eventsource": "sts.amazonaws.com", "eventname": e.Action, "key": e.CallerKeyID, "user": "", "request": string(request), "response": string(response)}
		if e.CallerKeyID == "" {
			one["user"] = e.Subject
		}
		events = append(events, one, one) // in the trails of both accounts
	}
	input, _ := json.Marshal(map[string]any{"events": events, "query": "WITH hop AS (\n" + query})
	cmd := exec.Command(python, "-I", "testdata/cloudtrail.py")
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.CombinedOutput()
	want := `[["2026-11-27T00:00:00Z", "GetObject", "data", "part-0", "000000035abcdefgh.spark-0", "` + client + `", "emr.spark", "` + job + `", "` + subject + `"]]`
	if err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
}
