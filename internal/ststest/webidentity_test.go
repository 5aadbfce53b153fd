package ststest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/ststest"
)

func withToken(t *testing.T, server *ststest.Server, role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return client(server, nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("pod"), WebIdentityToken: &token,
	})
}

func TestWebIdentity(t *testing.T) {
	at := &clock{time.Unix(1_800_000_000, 0)}
	server := start(t, at.Now)
	const denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	const noKey = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	const forged = "The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request."
	good := server.Token(subject)
	head, _, _ := strings.Cut(good, ".")
	swapped := strings.Split(server.Token("system:serviceaccount:emr:emr-containers-sa-spark-other"), ".")
	for _, c := range []struct {
		name, role, token string
		status            int
		code, words       string
	}{
		{name: "good", token: good},
		{name: "subject by wildcard", token: server.Token("system:serviceaccount:emr:emr-containers-sa-spark-driver-123")},
		{name: "several audiences", token: server.Token(subject, ststest.WithAudience("https://kubernetes.default.svc", "sts.amazonaws.com"))},
		{name: "a second to live", token: server.Token(subject, ststest.WithLifetime(time.Second))},
		{name: "issuer's clock a little ahead", token: server.Token(subject, ststest.WithNotBefore(at.now.Add(time.Minute)))},
		{name: "not a token", token: "this-is-not-a-token", status: 400, code: "InvalidIdentityToken",
			words: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
		{name: "unsigned", token: "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + ".", status: 400, code: "InvalidIdentityToken",
			words: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
		{name: "trailing line end", token: good + "\n", status: 400, code: "InvalidIdentityToken",
			words: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
		{name: "another issuer", token: server.Token(subject, ststest.WithIssuer("https://issuer.example")), status: 400, code: "InvalidIdentityToken",
			words: "No OpenIDConnect provider found in your account for https://issuer.example"},
		{name: "straight to the other account", role: clientRole, token: good, status: 400, code: "InvalidIdentityToken",
			words: "No OpenIDConnect provider found in your account for " + ststest.DefaultIssuer},
		{name: "unknown key", token: server.Token(subject, ststest.WithUnknownKey()), status: 400, code: "InvalidIdentityToken", words: noKey},
		{name: "forged signature", token: server.Token(subject, ststest.WithForgedSignature()), status: 400, code: "InvalidIdentityToken", words: forged},
		{name: "claims of another token", token: head + "." + swapped[1] + "." + strings.Split(good, ".")[2], status: 400, code: "InvalidIdentityToken", words: forged},
		{name: "audience", token: server.Token(subject, ststest.WithAudience("sts.amazon.com")), status: 400, code: "InvalidIdentityToken", words: "Incorrect token audience"},
		{name: "no audience", token: server.Token(subject, ststest.Without("aud")), status: 400, code: "InvalidIdentityToken", words: "Missing a required claim: aud"},
		{name: "no expiry", token: server.Token(subject, ststest.Without("exp")), status: 400, code: "InvalidIdentityToken", words: "Missing a required claim: exp"},
		{name: "expired", token: server.Token(subject, ststest.WithLifetime(0)), status: 400, code: "ExpiredTokenException",
			words: "Token expired: current date/time 1800000000 must be before the expiration date/time 1800000000"},
		{name: "from the future", token: server.Token(subject, ststest.WithNotBefore(at.now.Add(time.Hour))), status: 400, code: "InvalidIdentityToken",
			words: "Token not yet valid: current date/time 1800000000 must not be before 1800003600"},
		{name: "subject", token: server.Token("system:serviceaccount:emr:default"), status: 403, code: "AccessDenied", words: denied},
		{name: "subject in another case", token: server.Token(strings.ToUpper(subject)), status: 403, code: "AccessDenied", words: denied},
		{name: "role that trusts no token", role: middleRole, token: good, status: 403, code: "AccessDenied", words: denied},
		{name: "no such role", role: "arn:aws:iam::111122223333:role/nobody", token: good, status: 403, code: "AccessDenied", words: denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.role == "" {
				c.role = jobRole
			}
			out, err := withToken(t, server, c.role, c.token)
			if c.status != 0 {
				refused(t, err, c.status, c.code, c.words)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			provider := "arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(ststest.DefaultIssuer, "https://")
			if *out.Audience != "sts.amazonaws.com" || *out.Provider != provider || !strings.HasPrefix(*out.SubjectFromWebIdentityToken, subject) {
				t.Errorf("audience %s, provider %s, subject %s", *out.Audience, *out.Provider, *out.SubjectFromWebIdentityToken)
			}
		})
	}
}

// TestStringEquals: it knows no wildcards, and every condition must hold.
func TestStringEquals(t *testing.T) {
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{ARN: jobRole, WebIdentity: &ststest.WebIdentity{
		StringEquals: map[string][]string{"sub": {"a:*", "a:b"}, "aud": {"sts.amazonaws.com"}},
		StringLike:   map[string][]string{"sub": {"a:?"}},
	}}}}})
	for who, ok := range map[string]bool{"a:b": true, "a:*": true, "a:c": false, "a:": false} {
		if _, err := withToken(t, server, jobRole, server.Token(who)); (err == nil) != ok {
			t.Errorf("%s: %v, want success %v", who, err, ok)
		}
	}
}

// TestForeignKeys: with the key set of another issuer its tokens count, and the server's own do not.
func TestForeignKeys(t *testing.T) {
	const issuer = "https://kubernetes.example"
	cluster := ststest.Start(t, ststest.Options{Config: ststest.Config{Issuer: issuer, Roles: roles().Roles}})
	set := get(t, cluster.URL+"/openid/v1/jwks")
	c := roles()
	c.Issuer, c.JWKS = issuer, []byte(strings.Replace(string(set), "ststest-1", "cluster-key", 1))
	server := ststest.Start(t, ststest.Options{Config: c})
	_, err := withToken(t, server, jobRole, server.Token(subject))
	refused(t, err, 400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")

	c.JWKS = set
	if _, err := withToken(t, ststest.Start(t, ststest.Options{Config: c}), jobRole, cluster.Token(subject)); err != nil {
		t.Errorf("a token of the cluster: %v", err)
	}
	var discovery struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(get(t, cluster.URL+"/.well-known/openid-configuration"), &discovery); err != nil || discovery.Issuer != issuer || discovery.JWKS != cluster.URL+"/openid/v1/jwks" {
		t.Errorf("discovery document: %+v, %v", discovery, err)
	}
	if strings.Contains(string(set), `"d"`) {
		t.Errorf("the key set has private keys: %s", set)
	}
}

func get(t *testing.T, uri string) []byte {
	t.Helper()
	answer, err := http.Get(uri)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", uri, answer.Status, err)
	}
	return data
}
