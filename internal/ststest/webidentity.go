package ststest

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// clockSkew is how far ahead the issuer's clock may be; AWS gives no number, this is ours.
const clockSkew = 5 * time.Minute

func (s *Server) assumeRoleWithWebIdentity(q *request) (any, error) {
	token := q.params["WebIdentityToken"]
	s.secret(token)
	in, err := q.assumption()
	if err != nil {
		return nil, err
	}
	if len(token) < 4 || len(token) > 20000 { // not quoted, as it is a secret
		var p problems
		p.add("of the token", "webIdentityToken", "Member must have length between 4 and 20000")
		return nil, p.err()
	}
	role, exists := s.options.role(in.role)
	claims, err := s.verifyToken(token, accountOf(in.role), q.now)
	if err != nil {
		return nil, err
	}
	q.entry.Subject = claims.Subject
	audience := claims.Audience[0]
	if !exists || !s.trustsToken(role, claims.Subject, audience, in.name) {
		return nil, webIdentityDenied()
	}
	if in.duration > role.maxSession() {
		return nil, tooLong()
	}
	packed, err := packedSize(q.params["Policy"], q.policyARNs(), nil)
	if err != nil {
		return nil, err
	}
	session, credentials := s.issue(role, Session{Depth: 1, Subject: claims.Subject}, in.name, q.now, in.duration, q.fault)
	q.entry.handedOut(session)
	return xmlWebIdentity{
		Subject:          claims.Subject,
		Audience:         audience,
		User:             xmlAssumedRole{session.UserID, session.ARN},
		Credentials:      onWire(credentials),
		Provider:         s.provider(role),
		PackedPolicySize: packed,
		xmlMetadata:      xmlMetadata{q.id},
	}, nil
}

// trustsToken reports whether the trust policy of role lets a token in.
func (s *Server) trustsToken(role Role, subject, audience, sessionName string) bool {
	if role.TrustPolicy == nil {
		return role.WebIdentity != nil && role.WebIdentity.holds(subject, audience)
	}
	issuer := strings.TrimPrefix(s.options.issuer(), "https://")
	request := keys{}
	request.set(issuer+":sub", subject)
	request.set(issuer+":aud", audience)
	request.set("sts:RoleSessionName", sessionName)
	return role.TrustPolicy.allows("Federated", []string{s.provider(role)}, "sts:AssumeRoleWithWebIdentity", "", request)
}

// provider is the ARN of the issuer in the account of role.
func (s *Server) provider(role Role) string {
	partition := strings.Split(role.ARN, ":")[1]
	return "arn:" + partition + ":iam::" + accountOf(role.ARN) + ":oidc-provider/" + strings.TrimPrefix(s.options.issuer(), "https://")
}

func webIdentityDenied() error {
	return refuse(http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

func invalidToken(format string, args ...any) error {
	return refuse(http.StatusBadRequest, "InvalidIdentityToken", format, args...)
}

// verifyToken checks a token as the identity provider of the account would have it. The audience that matched is the
// first one in the claims it returns.
func (s *Server) verifyToken(token, account string, now time.Time) (jwt.Claims, error) {
	var claims jwt.Claims
	// The algorithms that IAM takes for OpenID Connect; "none" and HMAC are not among them.
	algorithms := []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}
	parsed, err := jwt.ParseSigned(token, algorithms)
	if strings.ContainsAny(token, " \t\r\n") { // Go's base64 skips line ends, which no JWT has
		err = errors.New("white space in the token")
	}
	if err == nil {
		err = parsed.UnsafeClaimsWithoutVerification(&claims)
	}
	if err != nil {
		return claims, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if claims.Issuer != s.options.issuer() || !s.providerIn(account) {
		return claims, invalidToken("No OpenIDConnect provider found in your account for %s", claims.Issuer)
	}
	keys := s.keys.Key(parsed.Headers[0].KeyID)
	if len(keys) == 0 {
		// The two blanks are AWS's.
		return claims, invalidToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	if err := parsed.Claims(keys[0].Key, &claims); err != nil {
		// The API Reference's description of the code: the words for a bad signature are not public.
		return claims, invalidToken("The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.")
	}
	return claims, s.checkClaims(&claims, now)
}

func (s *Server) checkClaims(claims *jwt.Claims, now time.Time) error {
	for name, missing := range map[string]bool{"sub": claims.Subject == "", "aud": len(claims.Audience) == 0, "exp": claims.Expiry == nil} {
		if missing {
			return invalidToken("Missing a required claim: %s", name) // our words
		}
	}
	if !now.Before(claims.Expiry.Time()) {
		return refuse(http.StatusBadRequest, "ExpiredTokenException",
			"Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), claims.Expiry.Time().Unix())
	}
	for _, from := range []*jwt.NumericDate{claims.NotBefore, claims.IssuedAt} {
		if from != nil && now.Add(clockSkew).Before(from.Time()) {
			return invalidToken("Token not yet valid: current date/time %d must not be before %d", now.Unix(), from.Time().Unix()) // our words
		}
	}
	at := slices.Index(claims.Audience, s.options.audience())
	if at < 0 {
		return invalidToken("Incorrect token audience")
	}
	claims.Audience[0], claims.Audience[at] = claims.Audience[at], claims.Audience[0]
	return nil
}

// providerIn reports whether the account has set up the issuer as an identity provider: when a role of its own trusts
// tokens. A token taken straight to a role in another account is a common mistake, and this is what AWS answers to it.
func (s *Server) providerIn(account string) bool {
	return slices.ContainsFunc(s.options.Roles, func(r Role) bool {
		return (r.WebIdentity != nil || r.TrustPolicy.names("Federated")) && accountOf(r.ARN) == account
	})
}
