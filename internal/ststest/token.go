package ststest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const keyID = "ststest-1"

// signingKey is one for the whole process: making an RSA key takes longer than most tests.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey() })

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return key
}

// keySet is what tokens are verified with: the configured foreign keys, or the server's own.
func (c Config) keySet() (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	if len(c.JWKS) == 0 {
		set.Keys = []jose.JSONWebKey{{Key: signingKey().Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"}}
		return set, nil
	}
	if err := json.Unmarshal(c.JWKS, &set); err != nil {
		return set, fmt.Errorf("reading key set: %w", err)
	}
	if len(set.Keys) == 0 {
		return set, fmt.Errorf("reading key set: it has no keys")
	}
	return set, nil
}

// tokenSpec is what a token is made of.
type tokenSpec struct {
	claims map[string]any
	keyID  string
	key    *rsa.PrivateKey
	now    time.Time
}

// A TokenOption makes a token differ from a good one.
type TokenOption func(*tokenSpec)

// WithAudience sets aud; a Kubernetes token has a list there, and so has this.
func WithAudience(audience ...string) TokenOption {
	return func(t *tokenSpec) { t.claims["aud"] = audience }
}

// WithIssuer sets iss.
func WithIssuer(issuer string) TokenOption { return func(t *tokenSpec) { t.claims["iss"] = issuer } }

// WithLifetime sets exp to d from now; a negative d makes a token that has expired. Without it a token lives for a day.
func WithLifetime(d time.Duration) TokenOption {
	return func(t *tokenSpec) { t.claims["exp"] = t.now.Add(d).Unix() }
}

// WithNotBefore sets nbf and iat.
func WithNotBefore(at time.Time) TokenOption {
	return func(t *tokenSpec) { t.claims["nbf"], t.claims["iat"] = at.Unix(), at.Unix() }
}

// Without leaves a claim out.
func Without(claim string) TokenOption { return func(t *tokenSpec) { delete(t.claims, claim) } }

// WithUnknownKey signs with a key that the key set does not have.
func WithUnknownKey() TokenOption {
	return func(t *tokenSpec) { t.keyID, t.key = "unknown", newKey() }
}

// WithForgedSignature signs with another key than the one that the token names.
func WithForgedSignature() TokenOption { return func(t *tokenSpec) { t.key = newKey() } }

// Token mints a web identity token: an RS256 JWT as a Kubernetes API server issues it for a service account, subject
// "system:serviceaccount:<namespace>:<name>". A server with a foreign key set refuses its own tokens.
func (s *Server) Token(subject string, options ...TokenOption) string {
	now := s.options.Now()
	spec := tokenSpec{keyID: keyID, key: signingKey(), now: now, claims: map[string]any{
		"iss": s.options.issuer(),
		"sub": subject,
		"aud": []string{s.options.audience()},
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(24 * time.Hour).Unix(),
		"jti": requestID(),
	}}
	for _, option := range options {
		option(&spec)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: spec.key, KeyID: spec.keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err) // a fixed algorithm and a key of our own: cannot fail
	}
	token, err := jwt.Signed(signer).Claims(spec.claims).Serialize()
	if err != nil {
		panic(err)
	}
	s.secret(token)
	return token
}

func (s *Server) serveDiscovery(w http.ResponseWriter) {
	sendJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.options.issuer(),
		"jwks_uri":                              s.URL + "/openid/v1/jwks",
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (s *Server) serveKeys(w http.ResponseWriter) { sendJSON(w, http.StatusOK, s.keys) }

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
