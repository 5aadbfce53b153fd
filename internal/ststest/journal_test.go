package ststest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

// TestJournal: it tells what happened, and no secret is in it.
func TestJournal(t *testing.T) {
	server := start(t, nil)
	job := asJob(t, server)
	_, asMiddle := hop(t, server, job, middleRole, sts.AssumeRoleInput{Tags: tags("Team", "data"), TransitiveTagKeys: []string{"Team"}, SourceIdentity: aws.String("alice")})
	job.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(secretRole), RoleSessionName: aws.String("pod"), ExternalId: aws.String("a-wrong-external-id"), DurationSeconds: aws.Int32(900)})
	asMiddle.GetCallerIdentity(t.Context(), nil)
	hop(t, server, job, secretRole, sts.AssumeRoleInput{ExternalId: aws.String("the-external-id")})
	withToken(t, server, jobRole, "a-token-that-is-none-but-secret")
	forged := server.Token(subject, ststest.WithForgedSignature())
	withToken(t, server, jobRole, forged)
	server.PodIdentity(jobRole, "agent", nil)

	journal := server.Journal()
	if len(journal) != 8 {
		t.Fatalf("%d entries", len(journal))
	}
	first, second, third := journal[0], journal[1], journal[2]
	if first.Outcome != ststest.Success || first.Subject != subject || first.Depth != 1 || first.Caller != "" || first.SessionName != "pod" || !strings.Contains(first.UserAgent, "aws-sdk-go-v2") {
		t.Errorf("first entry: %+v", first)
	}
	if second.CallerKeyID != first.IssuedKeyID || second.Caller != jobRole || second.Role != middleRole || second.Depth != 2 || second.Subject != subject ||
		second.Tags["Team"] != "data" || !slices.Equal(second.TransitiveTags, []string{"Team"}) || second.SourceIdentity != "alice" || second.ExternalID {
		t.Errorf("second entry: %+v", second)
	}
	session, ok := server.Lookup(second.IssuedKeyID)
	if !ok || !session.Expires.Equal(*second.Expires) || session.CallerKeyID != first.IssuedKeyID || session.Issued.IsZero() {
		t.Errorf("Lookup = %+v, %v", session, ok)
	}
	if third.Outcome != "AccessDenied" || third.Status != 403 || !third.ExternalID || third.DurationSeconds != "900" || third.IssuedKeyID != "" || third.Message != denied("sts:AssumeRole", secretRole) {
		t.Errorf("third entry: %+v", third)
	}
	if last := journal[7]; last.Action != "PodIdentity" || last.Depth != 1 {
		t.Errorf("last entry: %+v", last)
	}
	if _, ok := server.Lookup("ASIANOBODY"); ok {
		t.Error("Lookup knows a key that nobody has")
	}

	secrets := server.Secrets()
	// A user's key, four issued keys of two secrets each, and the tokens.
	if len(secrets) != 1+4*2+3 || !slices.Contains(secrets, forged) || !slices.Contains(secrets, userSecret) {
		t.Errorf("%d secrets", len(secrets))
	}
	text, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(secrets, "a-wrong-external-id", "the-external-id") {
		if strings.Contains(string(text), secret) {
			t.Errorf("the journal holds %q", secret)
		}
	}
}
