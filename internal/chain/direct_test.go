package chain

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

// trusting is roles with client roles that take the token themselves.
func trusting(change func(client *ststest.Role)) ststest.Config {
	c := roles()
	for i := range c.Roles {
		if role := &c.Roles[i]; role.ARN == clientRole || role.ARN == otherRole {
			role.TrustedBy, role.MaxSessionSeconds = nil, 43200
			role.WebIdentity = &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}}
		}
	}
	if change != nil {
		change(&c.Roles[2])
	}
	return c
}

func directly(s *Spec) {
	s.Direct = true
	s.Options = Options{Duration: 12 * time.Hour, Policy: `{"Version":"2012-10-17","Statement":[]}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}}
	s.Profiles = map[string]Hop{"other": {Role: otherRole, Options: Options{Duration: 6 * time.Hour}}}
}

// Each role takes one call, with the token, for as long as was asked for; the job execution role is asked for only when somebody
// wants it, and for an hour.
func TestDirect(t *testing.T) {
	p := inMemory(t, trusting(nil), directly)
	got := p.client()
	if left := got.Left().Round(time.Minute); got.Role != clientRole || left != 12*time.Hour {
		t.Errorf("%v, %s", got, left)
	}
	if s, _ := p.sts.Lookup(got.AccessKeyID); s.Depth != 1 || s.Name != "pod-1" || s.RoleARN != clientRole {
		t.Errorf("%+v", s)
	}
	p.wantCalls("web client-role ok")
	other, err := p.chain.As(t.Context(), "other")
	if left := other.Left().Round(time.Minute); err != nil || other.Role != otherRole || left != 6*time.Hour {
		t.Errorf("%v, %s, %v", other, left, err)
	}
	base, err := p.chain.Base(t.Context())
	if left := base.Left().Round(time.Minute); err != nil || base.Role != jobRole || left != time.Hour {
		t.Errorf("%v, %s, %v", base, left, err)
	}
	again, err := p.chain.NextBase(t.Context(), base)
	if err != nil || again.Role != jobRole || again.AccessKeyID == base.AccessKeyID {
		t.Errorf("%v, %v", again, err)
	}
	p.wantCalls("web client-role ok", "web other-role ok", "web job-execution-role ok", "web job-execution-role ok")
}

// The policy narrows the client role's session and nobody else's.
func TestDirectPolicy(t *testing.T) {
	p := inMemory(t, trusting(nil), directly)
	p.spec.Options.Policy = "{" // which STS refuses
	p.chain = New(p.spec, p.sts.Transport())
	if e := p.refused(); e.Code != "MalformedPolicyDocument" {
		t.Errorf("%v", e)
	}
	if _, err := p.chain.As(t.Context(), "other"); err != nil {
		t.Error(err)
	}
	if _, err := p.chain.Base(t.Context()); err != nil {
		t.Error(err)
	}
}

// A refusal names the direct hop, and the hint what the client role's account lacks.
func TestDirectRefusals(t *testing.T) {
	const hop = "direct hop (AssumeRoleWithWebIdentity to " + clientRole + "): "
	for name, c := range map[string]struct {
		roles      ststest.Config
		spec       func(*Spec)
		token      []ststest.TokenOption
		text, hint string
	}{
		"no provider in the account": {
			roles: roles(), text: hop + "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.",
			hint: "account 444455556666 has no OIDC provider for the token's issuer, which ROLE_CHAIN_DIRECT=true needs there: aws iam create-open-id-connect-provider --url https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE --client-id-list sts.amazonaws.com",
		},
		"trust policy": {
			roles: trusting(func(r *ststest.Role) { r.WebIdentity.StringEquals["sub"] = []string{"x"} }), text: hop + "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
			hint: "trust policy of " + clientRole + " must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider in its own account, arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE, with conditions on sub and aud that the token (sub \"" + subject,
		},
		"the job execution role alone": {
			roles: trusting(func(r *ststest.Role) { r.WebIdentity, r.TrustedBy = nil, []string{jobRole} }), text: hop + "AccessDenied: ",
			hint: "that it trusts the job execution role does not count",
		},
		"audience": {
			roles: trusting(nil), token: []ststest.TokenOption{ststest.WithAudience("x")}, text: hop + "InvalidIdentityToken: Incorrect token audience",
			hint: "client ids of the OIDC provider in account 444455556666",
		},
		"longer than the role allows": {
			roles: trusting(func(r *ststest.Role) { r.MaxSessionSeconds = 3600 }), text: hop + "ValidationError: ",
			hint: "ROLE_CHAIN_DURATION must not be longer than the maximum session duration of " + clientRole + "; aws iam update-role --max-session-duration",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := inMemory(t, c.roles, directly)
			p.write(p.spec.TokenFile, p.sts.Token(subject, c.token...))
			e := p.refused()
			if e.Hop != 1 || e.Of != 1 {
				t.Errorf("hop %d of %d", e.Hop, e.Of)
			}
			wantExit(t, AsExit(e), 77, c.text, c.hint)
		})
	}

	// The job execution role's own trust is explained as ever.
	config := trusting(nil)
	config.Roles[0].WebIdentity.StringEquals["sub"] = []string{"x"}
	p := inMemory(t, config, directly)
	_, err := p.chain.Base(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Role != jobRole || strings.Contains(e.Hint, "ROLE_CHAIN_DIRECT") || !strings.Contains(e.Hint, "the trust policy of "+jobRole) {
		t.Errorf("%v", err)
	}
}
