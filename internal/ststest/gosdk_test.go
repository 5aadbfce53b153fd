package ststest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestGoSDKFollowsAProfile is the whole chain as the Go SDK does it from a shared config file.
func TestGoSDKFollowsAProfile(t *testing.T) {
	server := start(t, nil)
	dir := t.TempDir()
	token, shared := filepath.Join(dir, "token"), filepath.Join(dir, "config")
	write(t, token, server.Token(subject))
	write(t, shared, "[default]\nregion = eu-west-1\nrole_arn = "+clientRole+"\nrole_session_name = pod\nsource_profile = job-execution-role\n"+
		"[profile job-execution-role]\nweb_identity_token_file = "+token+"\nrole_arn = "+jobRole+"\nrole_session_name = pod\n")
	t.Setenv("AWS_CONFIG_FILE", shared)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "none"))
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")

	ctx := context.Background()
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(loaded).GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sts::444455556666:assumed-role/client-role/pod"; *who.Arn != want || *who.Account != "444455556666" {
		t.Errorf("caller is %s in %s, want %s", *who.Arn, *who.Account, want)
	}
	held, err := loaded.Credentials.Retrieve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	session, ok := server.Lookup(held.AccessKeyID)
	if !ok || session.RoleARN != clientRole || session.Depth != 2 || session.Subject != subject || !session.Expires.Equal(held.Expires) {
		t.Errorf("Lookup(%s) = %+v, %v", held.AccessKeyID, session, ok)
	}
	actions := []string{}
	for _, entry := range server.Journal() {
		actions = append(actions, entry.Action+" "+entry.Outcome)
	}
	want := []string{"AssumeRoleWithWebIdentity ok", "AssumeRole ok", "GetCallerIdentity ok"}
	if len(actions) != len(want) || actions[0] != want[0] || actions[1] != want[1] || actions[2] != want[2] {
		t.Errorf("journal: %q, want %q", actions, want)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
