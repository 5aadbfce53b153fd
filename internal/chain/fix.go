package chain

import (
	"errors"
	"fmt"
	"strings"

	"rolechain/internal/jwt"
	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// Fixes returns the statements of policies that would let the call pass which err, an *Error, says was refused; none when it
// is about something else.
func (s Spec) Fixes(err error) []refusal.Fix {
	var e *Error
	if !errors.As(err, &e) || e.Kind != Refused || !strings.HasPrefix(e.Code, "AccessDenied") {
		return nil
	}
	blame := refusal.Read(e.Message)
	trust := "the trust policy of " + e.Role
	if e.Action == podIdentityAction {
		return []refusal.Fix{{In: "the trust policy of the role of the Pod Identity association", Statement: &refusal.Statement{
			Effect: "Allow", Principal: map[string]string{"Service": "pods.eks.amazonaws.com"}, Action: []string{"sts:AssumeRole", "sts:TagSession"},
		}}}
	}
	call := refusal.Call{Role: s.callerOf(e), Action: s.permission(e), Resources: []string{e.Role}, SessionFrom: s.optionsBefore(e).sessionPolicy(), Service: "sts", Owner: account(e.Role), Attached: trust}
	if e.Action == "AssumeRoleWithWebIdentity" {
		return s.webIdentityFixes(e, call, blame)
	}
	if !strings.HasPrefix(call.Role, "arn:") { // Pod Identity's role, which is known from AWS's words alone
		caller, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "User: "), " ")
		if role, err := RoleOf(caller, ""); err == nil {
			call.Role = role
		}
	}
	fixes := refusal.Explain(call, blame).Fixes
	for i := range fixes {
		if fixes[i].In == trust && fixes[i].Statement != nil {
			fixes[i].Statement.Resource = nil // a trust policy is about its role
			if e.sent.externalID {
				fixes[i].Statement.Condition = refusal.Condition{"StringEquals": {"sts:ExternalId": "the value of " + e.setting("ROLE_CHAIN_EXTERNAL_ID")}}
			}
		}
		if st := fixes[i].Statement; st != nil && call.Action == "sts:AssumeRole" {
			actions := []string{call.Action}
			if e.sent.tags || s.FirstHop == settings.PodIdentity { // whose own tags go on from session to session
				actions = append(actions, "sts:TagSession")
			}
			if e.sent.sourceIdentity {
				actions = append(actions, "sts:SetSourceIdentity")
			}
			if len(actions) > 1 {
				st.Action = actions
			}
		}
	}
	return fixes
}

// webIdentityFixes are the fixes for a call that nobody signs: it has no aws:PrincipalArn, and no permissions of its own that
// could be changed. A policy knows its caller by the token's claims.
func (s Spec) webIdentityFixes(e *Error, call refusal.Call, blame refusal.Blame) []refusal.Fix {
	if blame.Policy == refusal.SCP {
		call.Role = e.Role // for its account
	}
	fixes := refusal.Explain(call, blame).Fixes[:1]
	trust, known := s.webIdentityTrust(e, call.Attached)
	switch {
	case blame.Explicit && !known, (blame.Policy == "" || blame.Policy == refusal.Resource) && !known:
		return nil
	case blame.Explicit:
		for key, value := range trust.Statement.Condition["StringEquals"] {
			if strings.HasSuffix(key, ":sub") {
				fixes[0].Condition = refusal.Condition{"StringNotEquals": {key: value}}
			}
		}
	case blame.Policy == "", blame.Policy == refusal.Resource:
		fixes[0] = trust
	default:
		fixes[0].Statement.Condition = nil
	}
	return fixes
}

// webIdentityTrust is the statement by which a role trusts the pod's token.
func (s Spec) webIdentityTrust(e *Error, trust string) (refusal.Fix, bool) {
	token, err := s.readJWT()
	if err != nil {
		return refusal.Fix{}, false
	}
	c, err := jwt.Read(token)
	issuer := strings.TrimPrefix(c.Issuer, "https://")
	if err != nil || issuer == "" || len(c.Audience) == 0 {
		return refusal.Fix{}, false
	}
	partition := strings.Split(e.Role+"::", ":")[1]
	return refusal.Fix{In: trust, Statement: &refusal.Statement{
		Effect:    "Allow",
		Principal: map[string]string{"Federated": fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", partition, account(e.Role), clean(issuer))},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Condition: refusal.Condition{"StringEquals": {clean(issuer) + ":sub": clean(c.Subject), clean(issuer) + ":aud": clean(c.Audience[0])}},
	}}, true
}
