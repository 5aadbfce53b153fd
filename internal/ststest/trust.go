package ststest

import (
	"net/http"
	"slices"
	"strings"
)

const (
	assumeRole        = "sts:AssumeRole"
	tagSession        = "sts:TagSession"
	setSourceIdentity = "sts:SetSourceIdentity"
)

// A caller is whoever signed a request.
type caller struct {
	keyID     string
	principal string // what a trust policy names: a role's or a user's ARN
	arn       string // what GetCallerIdentity says: a session's or a user's ARN
	userID    string
	account   string
	mayAssume []string
	mayAlso   []string
	may       *Policy  // permissions in the place of both; nil for none
	session   *Session // nil for a user
}

// authorize decides whether c may do action on role, from both policies. A role that does not exist is refused in the
// same words, as AWS does, so that nobody can probe for names.
func authorize(c caller, action string, role Role, exists bool, request keys) error {
	direct, byAccount := trusts(role, c)
	trusted := direct || byAccount
	if action != assumeRole && !slices.Contains(role.TrustAlso, action) {
		trusted = false
	}
	permitted := like(c.mayAssume, role.ARN) && (action == assumeRole || slices.Contains(c.mayAlso, action))
	if p := role.TrustPolicy; p != nil {
		partition := strings.Split(role.ARN, ":")[1]
		direct = p.allows("AWS", []string{c.principal, c.arn}, action, "", request)
		trusted = direct || p.allows("AWS", []string{"*", c.account, "arn:" + partition + ":iam::" + c.account + ":root"}, action, "", request)
	}
	if c.may != nil {
		permitted = c.may.allows("", nil, action, role.ARN, request)
	}
	sameAccount := accountOf(role.ARN) == c.account
	// A trust policy that names a principal of its own account grants by itself; naming the account only delegates.
	allowed := exists && trusted && (permitted || sameAccount && direct)
	if role.ExternalID != "" && !slices.Contains(request["sts:externalid"], role.ExternalID) {
		allowed = false
	}
	if allowed {
		return nil
	}
	return refuse(http.StatusForbidden, "AccessDenied",
		"User: %s is not authorized to perform: %s on resource: %s", c.arn, action, role.ARN)
}

// trusts reports whether role's trust policy names c itself, or only its account.
func trusts(role Role, c caller) (direct, byAccount bool) {
	for _, principal := range role.TrustedBy {
		switch {
		case principal == c.principal, principal == c.arn:
			direct = true
		case principal == "*", principal == c.account,
			strings.HasSuffix(principal, ":root") && accountOf(principal) == c.account:
			byAccount = true
		}
	}
	return direct, byAccount
}

// holds reports whether a token's claims meet the conditions.
func (w *WebIdentity) holds(subject, audience string) bool {
	claims := map[string]string{"sub": subject, "aud": audience}
	for key, values := range w.StringEquals {
		if !slices.Contains(values, claims[key]) {
			return false
		}
	}
	for key, patterns := range w.StringLike {
		if !like(patterns, claims[key]) {
			return false
		}
	}
	return true
}

// like is IAM's StringLike: * is any run of characters, slashes and colons among them, ? is exactly one; case counts.
func like(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match([]rune(p), []rune(s)) })
}

func match(pattern, s []rune) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0: // give the last star one character more
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// accountOf is the account in an IAM or STS ARN, or "".
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
