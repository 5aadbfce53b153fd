package ststest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

// hop assumes a role and returns the new session as the server knows it, and a client that has it.
func hop(t *testing.T, server *ststest.Server, from *sts.Client, role string, in sts.AssumeRoleInput) (ststest.Session, *sts.Client) {
	t.Helper()
	in.RoleArn, in.RoleSessionName = &role, aws.String("pod")
	out, err := from.AssumeRole(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	session, _ := server.Lookup(*out.Credentials.AccessKeyId)
	return session, client(server, keys(out.Credentials))
}

// TestTagsAlongTheChain: transitive tags go on to the next session and nobody can override them; others do not.
func TestTagsAlongTheChain(t *testing.T) {
	server := start(t, nil)
	middle, asMiddle := hop(t, server, asJob(t, server), middleRole, sts.AssumeRoleInput{
		Tags: tags("Team", "data", "Cost", "7"), TransitiveTagKeys: []string{"team"}})
	if !maps.Equal(middle.Tags, map[string]string{"Team": "data", "Cost": "7"}) || !slices.Equal(middle.TransitiveTags, []string{"Team"}) || middle.Depth != 2 {
		t.Errorf("first tagged session: %+v", middle)
	}
	last, _ := hop(t, server, asMiddle, tagRole, sts.AssumeRoleInput{Tags: tags("Cost", "8")})
	if !maps.Equal(last.Tags, map[string]string{"Team": "data", "Cost": "8"}) || !slices.Equal(last.TransitiveTags, []string{"Team"}) || last.Depth != 3 || last.Subject != subject {
		t.Errorf("last session: %+v", last)
	}
	const conflict = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
	for _, c := range []struct {
		name   string
		in     sts.AssumeRoleInput
		status int
		code   string
		words  string
	}{
		{"override", sts.AssumeRoleInput{Tags: tags("TEAM", "other")}, 400, "InvalidParameterValue", conflict},
		{"twice", sts.AssumeRoleInput{Tags: tags("a", "1", "A", "2")}, 400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"transitive but not sent", sts.AssumeRoleInput{TransitiveTagKeys: []string{"a"}}, 400, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
		{"51 tags", sts.AssumeRoleInput{Tags: tags(many(51)...)}, 400, "ValidationError",
			"1 validation error detected: Value of 51 members at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"50 tags", sts.AssumeRoleInput{Tags: tags(many(50)...)}, 0, "", ""},
		{"key of 129", sts.AssumeRoleInput{Tags: tags(strings.Repeat("k", 129), "")}, 400, "ValidationError",
			"1 validation error detected: Value '" + strings.Repeat("k", 129) + "' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"key of 128", sts.AssumeRoleInput{Tags: tags(strings.Repeat("k", 128), "")}, 0, "", ""},
		{"value of 257", sts.AssumeRoleInput{Tags: tags("k", strings.Repeat("v", 257))}, 400, "ValidationError",
			"1 validation error detected: Value '" + strings.Repeat("v", 257) + "' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256"},
		{"value of 256", sts.AssumeRoleInput{Tags: tags("k", strings.Repeat("v", 256))}, 0, "", ""},
		{"too much together", sts.AssumeRoleInput{Tags: tags("k", strings.Repeat("v", 250), "l", strings.Repeat("v", 250))}, 400, "PackedPolicyTooLarge",
			"Packed size of session tags consumes 113% of allotted space."},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.RoleArn, c.in.RoleSessionName = aws.String(tagRole), aws.String("pod")
			_, err := asMiddle.AssumeRole(t.Context(), &c.in)
			if c.status != 0 {
				refused(t, err, c.status, c.code, c.words)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	// A role that does not allow tags cannot be assumed from a session that has transitive ones.
	c := roles()
	c.Roles[4].TrustedBy, c.Roles[4].ExternalID = []string{middleRole}, ""
	server = ststest.Start(t, ststest.Options{Config: c})
	_, asMiddle = hop(t, server, asJob(t, server), middleRole, sts.AssumeRoleInput{Tags: tags("Team", "data"), TransitiveTagKeys: []string{"Team"}})
	_, err := asMiddle.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(secretRole), RoleSessionName: aws.String("pod")})
	refused(t, err, 403, "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/middle-role/pod is not authorized to perform: sts:TagSession on resource: "+secretRole)
}

// many makes n tags so small that they fit.
func many(n int) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("k%d", i), "v")
	}
	return pairs
}

// TestSourceIdentity: once set it stays and cannot be changed, and every later role must allow it.
func TestSourceIdentity(t *testing.T) {
	server := start(t, nil)
	job := asJob(t, server)
	_, asMiddle := hop(t, server, job, middleRole, sts.AssumeRoleInput{SourceIdentity: aws.String("alice")})
	for _, again := range []*string{nil, aws.String("alice")} {
		out, err := asMiddle.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(tagRole), RoleSessionName: aws.String("pod"), SourceIdentity: again})
		if err != nil || *out.SourceIdentity != "alice" {
			t.Errorf("source identity did not stay: %+v, %v", out, err)
		}
	}
	const middle = "User: arn:aws:sts::111122223333:assumed-role/middle-role/pod is not authorized to perform: sts:SetSourceIdentity on resource: "
	_, err := asMiddle.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(tagRole), RoleSessionName: aws.String("pod"), SourceIdentity: aws.String("bob")})
	refused(t, err, 403, "AccessDenied", middle+tagRole)
}

// TestPodIdentity: its tags are transitive, so the next hop needs sts:TagSession on both sides.
func TestPodIdentity(t *testing.T) {
	server := start(t, nil)
	held := server.PodIdentity(jobRole, "eks-cluster-pod-1", map[string]string{"kubernetes-namespace": "emr"})
	pod := client(server, credentials.NewStaticCredentialsProvider(held.AccessKeyID, held.SecretAccessKey, held.SessionToken))
	session, _ := hop(t, server, pod, tagRole, sts.AssumeRoleInput{})
	if session.Tags["kubernetes-namespace"] != "emr" || session.Depth != 2 {
		t.Errorf("session: %+v", session)
	}
	_, err := pod.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(clientRole), RoleSessionName: aws.String("pod")})
	refused(t, err, 403, "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/job-execution-role/eks-cluster-pod-1 is not authorized to perform: sts:TagSession on resource: "+clientRole)
}
