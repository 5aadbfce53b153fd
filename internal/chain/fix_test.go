package chain

import (
	"encoding/json"
	"strings"
	"testing"

	"rolechain/internal/settings"
)

// A hop that is refused gets the statement of the policy that AWS blames; a trust policy's has no Resource.
func TestFixes(t *testing.T) {
	const job, client = "arn:aws:iam::111122223333:role/job", "arn:aws:iam::444455556666:role/client"
	const words = "User: arn:aws:sts::111122223333:assumed-role/job/spark-0 is not authorized to perform: sts:AssumeRole on resource: " + client
	spec := Spec{BaseRole: job, ClientRole: client}
	pod := Spec{FirstHop: settings.PodIdentity, ClientRole: client}
	for _, test := range []struct {
		name string
		spec Spec
		err  Error
		want string // the statements, one after the other
	}{
		{"nobody is blamed", spec, Error{Message: words}, `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"` + client + `"}{"Effect":"Allow","Principal":{"AWS":"` + job + `"},"Action":"sts:AssumeRole"}`},
		{"with options", spec, Error{Message: words, sent: sent{externalID: true, tags: true, sourceIdentity: true}},
			`{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Resource":"` + client + `"}` +
				`{"Effect":"Allow","Principal":{"AWS":"` + job + `"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"sts:ExternalId":"the value of ROLE_CHAIN_EXTERNAL_ID"}}}`},
		{"the trust policy", spec, Error{Message: words + " because no resource-based policy allows the sts:AssumeRole action"}, `{"Effect":"Allow","Principal":{"AWS":"` + job + `"},"Action":"sts:AssumeRole"}{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"` + client + `"}`},
		{"an endpoint's", spec, Error{Message: words + " because no VPC endpoint policy allows the sts:AssumeRole action"}, `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"` + client + `","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + job + `"}}}`},
		{"a Deny", spec, Error{Message: words + " with an explicit deny in a service control policy"}, `{"ArnNotEquals":{"aws:PrincipalArn":"` + job + `"}}`},
		{"Pod Identity's role is in AWS's words", pod, Error{Message: words + " because no identity-based policy allows the sts:AssumeRole action"},
			`{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"` + client + `"}{"Effect":"Allow","Principal":{"AWS":"` + job + `"},"Action":["sts:AssumeRole","sts:TagSession"]}`},
	} {
		e := test.err
		e.Hop, e.Of, e.Role, e.Action, e.Kind, e.Code = 2, 2, client, "AssumeRole", Refused, "AccessDenied"
		var got strings.Builder
		for _, fix := range test.spec.Fixes(&e) {
			text, _ := json.Marshal(fix.Condition)
			if fix.Statement != nil {
				text, _ = json.Marshal(fix.Statement)
			}
			got.Write(text)
		}
		if got.String() != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, &got, test.want)
		}
	}
	if fixes := spec.Fixes(&Error{Hop: 2, Role: client, Action: "AssumeRole", Kind: Transient, Code: "Throttling"}); fixes != nil {
		t.Errorf("throttling: %+v", fixes)
	}
}

// The role of a session is the one that was asked for, path and all, or another one.
func TestRoleOf(t *testing.T) {
	const role = "arn:aws:iam::444455556666:role/teams/client"
	for _, test := range []struct{ session, role, want string }{
		{"arn:aws:sts::444455556666:assumed-role/client/spark-0", role, role},
		{"arn:aws:sts::444455556666:assumed-role/client/spark-0", "", "arn:aws:iam::444455556666:role/client"},
		{"arn:aws:sts::444455556666:assumed-role/other/spark-0", role, ""},
		{"arn:aws:sts::111122223333:assumed-role/client/spark-0", role, ""},
		{"arn:aws:iam::444455556666:user/client", role, ""},
		{"", role, ""},
	} {
		if got, err := RoleOf(test.session, test.role); got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("RoleOf(%q, %q) = %q, %v", test.session, test.role, got, err)
		}
	}
}
