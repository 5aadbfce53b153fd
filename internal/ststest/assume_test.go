package ststest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"rolechain/internal/ststest"
)

func denied(action, role string) string {
	return "User: arn:aws:sts::111122223333:assumed-role/job-execution-role/pod is not authorized to perform: " + action + " on resource: " + role
}

// TestAssumeRole is what the job execution role's session may and may not do.
func TestAssumeRole(t *testing.T) {
	server := start(t, nil)
	job := asJob(t, server)
	const chained = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
	type input = sts.AssumeRoleInput
	for _, c := range []struct {
		name   string
		in     input // RoleArn: the client role unless set; RoleSessionName likewise "pod"
		status int   // 0: must succeed
		code   string
		words  string
	}{
		{name: "across accounts"},
		{name: "with the external id", in: input{RoleArn: aws.String(secretRole), ExternalId: aws.String("the-external-id")}},
		{name: "an external id nobody asks for", in: input{ExternalId: aws.String("some-id")}},
		{name: "without the external id", in: input{RoleArn: aws.String(secretRole)}, status: 403, code: "AccessDenied", words: denied("sts:AssumeRole", secretRole)},
		{name: "another external id", in: input{RoleArn: aws.String(secretRole), ExternalId: aws.String("THE-external-id")}, status: 403, code: "AccessDenied", words: denied("sts:AssumeRole", secretRole)},
		{name: "no such role", in: input{RoleArn: aws.String("arn:aws:iam::444455556666:role/nobody")}, status: 403, code: "AccessDenied", words: denied("sts:AssumeRole", "arn:aws:iam::444455556666:role/nobody")},
		{name: "not permitted and not trusted", in: input{RoleArn: aws.String(jobRole)}, status: 403, code: "AccessDenied", words: denied("sts:AssumeRole", jobRole)},
		{name: "900 s", in: input{DurationSeconds: aws.Int32(900)}},
		{name: "one hour", in: input{DurationSeconds: aws.Int32(3600)}},
		{name: "a second more", in: input{DurationSeconds: aws.Int32(3601)}, status: 400, code: "ValidationError", words: chained},
		{name: "60 s", in: input{DurationSeconds: aws.Int32(60)}, status: 400, code: "ValidationError",
			words: "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{name: "a day", in: input{DurationSeconds: aws.Int32(86400)}, status: 400, code: "ValidationError",
			words: "1 validation error detected: Value '86400' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{name: "session name with a slash", in: input{RoleSessionName: aws.String("a/b")}, status: 400, code: "ValidationError",
			words: `1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{name: "session name of one letter", in: input{RoleSessionName: aws.String("a")}, status: 400, code: "ValidationError",
			words: "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{name: "session name of 65 and 60 s", in: input{RoleSessionName: aws.String(strings.Repeat("a", 65)), DurationSeconds: aws.Int32(60)}, status: 400, code: "ValidationError",
			words: "2 validation errors detected: Value '" + strings.Repeat("a", 65) + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64; " +
				"Value '60' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{name: "short ARN", in: input{RoleArn: aws.String("client-role")}, status: 400, code: "ValidationError",
			words: "1 validation error detected: Value 'client-role' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{name: "user ARN", in: input{RoleArn: aws.String("arn:aws:iam::444455556666:user/bob")}, status: 400, code: "ValidationError", words: "Request ARN is invalid"},
		{name: "account of 11 digits", in: input{RoleArn: aws.String("arn:aws:iam::44445555666:role/client-role")}, status: 400, code: "ValidationError", words: "Request ARN is invalid"},
		{name: "tags that the role does not allow", in: input{Tags: tags("team", "data")}, status: 403, code: "AccessDenied", words: denied("sts:TagSession", clientRole)},
		{name: "source identity that the role does not allow", in: input{SourceIdentity: aws.String("alice")}, status: 403, code: "AccessDenied", words: denied("sts:SetSourceIdentity", clientRole)},
		{name: "session policy", in: input{Policy: aws.String(`{"Version":"2012-10-17","Statement":[]}`)}},
		{name: "policy ARN", in: input{PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}}},
		{name: "policy that is no JSON", in: input{Policy: aws.String("{")}, status: 400, code: "MalformedPolicyDocument", words: "This policy contains invalid Json"},
		{name: "full policy and a policy ARN", in: input{Policy: aws.String(`"` + strings.Repeat("a", 2046) + `"`), PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}},
			status: 400, code: "PackedPolicyTooLarge", words: "Packed size of inline session policy consumes 102% of allotted space."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.in.RoleArn == nil {
				c.in.RoleArn = aws.String(clientRole)
			}
			if c.in.RoleSessionName == nil {
				c.in.RoleSessionName = aws.String("pod")
			}
			out, err := job.AssumeRole(t.Context(), &c.in)
			if c.status != 0 {
				refused(t, err, c.status, c.code, c.words)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			who, err := client(server, keys(out.Credentials)).GetCallerIdentity(t.Context(), nil)
			if err != nil || *who.Arn != *out.AssumedRoleUser.Arn || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
				t.Errorf("GetCallerIdentity = %+v, %v; AssumeRole said %+v", who, err, out.AssumedRoleUser)
			}
		})
	}
}

// TestTrustAndPermission: a call across accounts needs both sides, one inside an account may do with a trust policy
// that names the role itself.
func TestTrustAndPermission(t *testing.T) {
	const near, far = "arn:aws:iam::111122223333:role/target", "arn:aws:iam::444455556666:role/target"
	const root, session = "arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:assumed-role/job-execution-role/pod"
	for _, c := range []struct {
		target, trusted string
		permitted, ok   bool
	}{
		{far, jobRole, true, true},
		{far, jobRole, false, false},
		{far, root, true, true},
		{far, root, false, false},
		{far, "111122223333", true, true},
		{far, session, true, true},
		{far, "arn:aws:sts::111122223333:assumed-role/job-execution-role/other", true, false},
		{far, middleRole, true, false},
		{far, "arn:aws:iam::444455556666:root", true, false},
		{far, "", true, false},
		{near, jobRole, false, true},
		{near, root, false, false},
		{near, root, true, true},
		{near, middleRole, true, false},
	} {
		t.Run(fmt.Sprintf("%s trusts %s, permitted %v", c.target, c.trusted, c.permitted), func(t *testing.T) {
			job := ststest.Role{ARN: jobRole, WebIdentity: &ststest.WebIdentity{}}
			if c.permitted {
				job.MayAssume = []string{c.target}
			}
			target := ststest.Role{ARN: c.target, TrustedBy: []string{c.trusted}}
			server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{job, target}}})
			_, err := asJob(t, server).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &c.target, RoleSessionName: aws.String("pod")})
			if (err == nil) != c.ok {
				t.Errorf("error %v, want success %v", err, c.ok)
			}
		})
	}
}

// TestDurations: the first hop goes up to the role's maximum, a user's first role too; only a chained one has the cap.
func TestDurations(t *testing.T) {
	server := start(t, nil)
	assume := func(role string, seconds int32) (*sts.AssumeRoleOutput, error) {
		in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("pod")}
		if seconds != 0 {
			in.DurationSeconds = &seconds
		}
		return client(server, alice()).AssumeRole(t.Context(), in)
	}
	out, err := assume(jobRole, 12*3600)
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Until(*out.Credentials.Expiration); got < 12*time.Hour-time.Minute || got > 12*time.Hour {
		t.Errorf("session of 12 h lives for %v", got)
	}
	if out, err = assume(jobRole, 0); err != nil {
		t.Fatal(err)
	}
	if got := time.Until(*out.Credentials.Expiration); got < time.Hour-time.Minute || got > time.Hour {
		t.Errorf("session without DurationSeconds lives for %v", got)
	}
	_, err = client(server, nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(jobRole), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String(server.Token(subject)), DurationSeconds: aws.Int32(12 * 3600)})
	if err != nil {
		t.Errorf("12 h with a web identity: %v", err)
	}
	short := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{ARN: jobRole, WebIdentity: &ststest.WebIdentity{}, MaxSessionSeconds: 7200}}}})
	_, err = client(short, nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(jobRole), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String(short.Token(subject)), DurationSeconds: aws.Int32(7201)})
	refused(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

// TestExpiry: a session ends at its second, with AWS's code, and a role's shorter lifetime is what counts.
func TestExpiry(t *testing.T) {
	at := &clock{time.Now()}
	c := roles()
	c.Roles[2].LifetimeSeconds = 20 // the client role
	server := ststest.Start(t, ststest.Options{Config: c, Now: at.Now})
	out, err := asJob(t, server).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(clientRole), RoleSessionName: aws.String("pod")})
	if err != nil {
		t.Fatal(err)
	}
	session := client(server, keys(out.Credentials))
	issued := at.now.Truncate(time.Second)
	if !out.Credentials.Expiration.Equal(issued.Add(20 * time.Second)) {
		t.Errorf("expires %v, issued %v", out.Credentials.Expiration, issued)
	}
	at.now = issued.Add(20*time.Second - 1)
	if _, err := session.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	at.now = issued.Add(20 * time.Second)
	_, err = session.GetCallerIdentity(t.Context(), nil)
	refused(t, err, 403, "ExpiredToken", "The security token included in the request is expired")
	if _, known := server.Lookup(*out.Credentials.AccessKeyId); !known {
		t.Error("Lookup has forgotten an expired key")
	}
}

func tags(pairs ...string) []types.Tag {
	var list []types.Tag
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}
