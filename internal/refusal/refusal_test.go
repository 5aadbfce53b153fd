package refusal

import (
	"encoding/json"
	"strings"
	"testing"
)

// AWS's words for each kind of policy, with and without a Deny, also where it adds the policy's ARN.
func TestRead(t *testing.T) {
	const user = "User: arn:aws:sts::111122223333:assumed-role/job/spark-0 is not authorized to perform: "
	for _, test := range []struct {
		message string
		want    Blame
	}{
		{user + `s3:GetObject on resource: "arn:aws:s3:::data/x" because no identity-based policy allows the s3:GetObject action`, Blame{Identity, false, "s3:GetObject", "arn:aws:s3:::data/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::data/a b" with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/p`, Blame{Identity, true, "s3:GetObject", "arn:aws:s3:::data/a b"}},
		{user + `sts:AssumeRole on resource: arn:aws:iam::444455556666:role/client because no resource-based policy allows the sts:AssumeRole action`, Blame{Resource, false, "sts:AssumeRole", "arn:aws:iam::444455556666:role/client"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" with an explicit deny in a service control policy`, Blame{SCP, true, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" because no service control policy allows the s3:GetObject action`, Blame{SCP, false, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" with an explicit deny in a resource control policy`, Blame{RCP, true, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" because no VPC endpoint policy allows the s3:GetObject action`, Blame{Endpoint, false, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" because no permissions boundary allows the s3:GetObject action`, Blame{Boundary, false, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `s3:GetObject on resource: "arn:aws:s3:::d/x" with an explicit deny in a session policy`, Blame{Session, true, "s3:GetObject", "arn:aws:s3:::d/x"}},
		{user + `sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:1:q with an explicit deny`, Blame{"", true, "sqs:sendmessage", "arn:aws:sqs:eu-west-1:1:q"}},
		{user + `kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`, Blame{Resource, false, "kms:Decrypt", ""}},
		{"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.", Blame{Resource, false, "kms:Decrypt", ""}},
		{"Access Denied", Blame{}},
		{user, Blame{}},
		{"", Blame{}},
	} {
		if got := Read(test.message); got != test.want {
			t.Errorf("Read(%q) = %+v, want %+v", test.message, got, test.want)
		}
	}
}

// Each policy gets a statement of the form that it takes.
func TestStatements(t *testing.T) {
	call := Call{Role: "arn:aws:iam::1:role/r", Action: "s3:GetObject", Resources: []string{"arn:aws:s3:::b/*"}, Service: "s3", Owner: "2", Attached: "the bucket policy of b"}
	for _, test := range []struct {
		blame Blame
		fixes []string // the beginning of where, and the statement or the condition
	}{
		{Blame{Policy: Identity}, []string{"the permissions of arn:aws:iam::1:role/r", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`, "the bucket policy of b", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}},
		{Blame{Policy: Endpoint}, []string{"the policy of the VPC endpoint for s3", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/r"}}}`}},
		{Blame{Policy: Boundary}, []string{"the permissions boundary of", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}},
		{Blame{Policy: SCP, Explicit: true}, []string{"the Deny in a service control policy of the organization of account 1", `{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/r"}}`}},
		{Blame{Explicit: true}, []string{"the Deny that refuses", `{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/r"}}`}},
	} {
		e := Explain(call, test.blame)
		if len(e.Causes) == 0 || len(e.Fixes)*2 != len(test.fixes) {
			t.Errorf("%+v: %+v", test.blame, e)
			continue
		}
		for i, fix := range e.Fixes {
			var got []byte
			if fix.Statement != nil {
				got, _ = json.Marshal(fix.Statement)
			} else {
				got, _ = json.Marshal(fix.Condition)
			}
			if !strings.HasPrefix(fix.In, test.fixes[2*i]) || string(got) != test.fixes[2*i+1] {
				t.Errorf("%+v: add to %s: %s", test.blame, fix.In, got)
			}
		}
	}
}
