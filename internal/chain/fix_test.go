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
	way := Spec{BaseRole: job, ClientRole: client, Via: []Hop{{Role: job, Options: Options{Policy: "{}", From: settings.Source{Mapped: "M"}}}}}
	e := &Error{Hop: 3, Role: client, Action: "AssumeRole", Kind: Refused, Code: "AccessDenied", Message: words + " with an explicit deny in a session policy"}
	if in := way.Fixes(e)[0].In; !strings.HasSuffix(in, "(policy of M)") || !strings.Contains(hint(way.causes(e)), "(policy of M)") {
		t.Errorf("a session policy of the role map is in %q, %q", in, way.causes(e))
	}
	if fixes := spec.Fixes(&Error{Hop: 2, Role: client, Action: "AssumeRole", Kind: Transient, Code: "Throttling"}); fixes != nil {
		t.Errorf("throttling: %+v", fixes)
	}
}

// Whichever policy AWS blames for refusing the token, there is a piece of it that lets the call pass: by the token's claims where
// a Deny keeps it out, since nobody has signed the call.
func TestWebIdentityFixes(t *testing.T) {
	p := inMemory(t, roles(), nil)
	const issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	allow := `{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Resource":"` + jobRole + `"}`
	public := strings.Replace(allow, `"Action"`, `"Principal":"*","Action"`, 1)
	for policy, want := range map[string]string{
		"": `"Principal":{"Federated":"`, "resource-based policy": `"Principal":{"Federated":"`, "resource control policy": public, "VPC endpoint policy": public,
		"identity-based policy": allow, "permissions boundary": allow, "session policy": allow, "service control policy": allow,
	} {
		words := "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		if policy != "" {
			words = "User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: " + jobRole + " because no " + policy + " allows the sts:AssumeRoleWithWebIdentity action"
		}
		denied := strings.Replace(words, "because no "+policy, "with an explicit deny in a "+policy, 1)
		for text, want := range map[string]string{words: want, denied: `{"StringNotEquals":{"` + issuer + `:sub":"` + subject + `"}}`} {
			if policy == "" && text == denied {
				continue
			}
			fixes := p.spec.Fixes(&Error{Hop: 1, Of: 2, Role: jobRole, Action: "AssumeRoleWithWebIdentity", Kind: Refused, Code: "AccessDenied", Message: text})
			if got, _ := json.Marshal(fixes); len(fixes) != 1 || !strings.Contains(string(got), want) {
				t.Errorf("%s: %s, want %s", text, got, want)
			}
		}
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
