package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolechain/internal/ststest"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signToken presigns what MSK and RDS are given.
func signToken(t *testing.T, c ststest.Credentials, service, address string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), keys, r, emptyHash, service, region, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// asPayload is what the login module makes of the URL.
func asPayload(t *testing.T, signed string) string {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{"version": "2020_10_22", "host": u.Host, "user-agent": "a client"}
	for name, values := range u.Query() {
		fields[strings.ToLower(name)] = values[0]
	}
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A token counts for the key that signed it, in each of its forms, and only with its signature.
func TestTokens(t *testing.T) {
	p := testPod(t, "")
	client := p.sts.PodIdentity(clientARN, "s-0", nil)
	msk := signToken(t, client, "kafka-cluster", "https://b-1.example.com/?Action=kafka-cluster%3AConnect&X-Amz-Expires=900")
	rds := signToken(t, client, "rds-db", "https://db.example.com:5432/?Action=connect&DBUser=jane&X-Amz-Expires=900")
	for what, token := range map[string]string{
		"payload": asPayload(t, msk),
		"oauth":   base64.RawURLEncoding.EncodeToString([]byte(msk + "&User-Agent=a%20client")),
		"rds":     strings.TrimPrefix(rds, "https://"),
	} {
		if key, err := p.signer(token); err != nil || key != client.AccessKeyID {
			t.Errorf("%s: %q, %v", what, key, err)
		}
	}
	stranger := client
	stranger.SecretAccessKey = "another"
	for what, token := range map[string]string{
		"signed with another secret": asPayload(t, signToken(t, stranger, "kafka-cluster", "https://b-1.example.com/?Action=kafka-cluster%3AConnect&X-Amz-Expires=900")),
		"another host":               strings.Replace(asPayload(t, msk), "b-1.", "b-2.", 1),
		"another action":             strings.Replace(asPayload(t, msk), ":Connect", ":Read", 1),
		"no signature":               strings.Replace(asPayload(t, msk), "x-amz-signature", "signature", 1),
		"no token":                   "nothing",
	} {
		if key, err := p.signer(token); err == nil {
			t.Errorf("%s: taken for one of %s", what, key)
		}
	}
}

// Sessions of one pod with two names are two principals.
func TestPrincipals(t *testing.T) {
	p := testPod(t, "")
	p.Cell.Delivery = endpoint
	for range 2 {
		p.sts.PodIdentity(clientARN, "s-0", nil)
	}
	if err := p.principals(); err != nil {
		t.Error(err)
	}
	p.sts.PodIdentity(clientARN, "s-1", nil)
	if err := p.principals(); err == nil {
		t.Error("two names are taken for one")
	}
	p.Cell.Connector = true
	if err := p.principals(); err == nil || !strings.Contains(err.Error(), "3 sessions") {
		t.Errorf("too few sessions: %v", err)
	}
}
