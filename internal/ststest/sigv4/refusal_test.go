package sigv4

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const formBody = "Action=GetCallerIdentity&Version=2011-06-15"

func form(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", "http://sts.example/", strings.NewReader(formBody))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

var (
	longLived = aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret-of-a-user"}
	temporary = aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret-of-a-session", SessionToken: "token"}
	over      = aws.Credentials{AccessKeyID: "ASIAEXPIRED", SecretAccessKey: "secret-of-a-session", SessionToken: "token"}
)

func verifier() *Verifier {
	return &Verifier{Service: "sts", Region: "eu-west-1", Now: func() time.Time { return noon }, Key: func(id string) (Key, bool) {
		switch id {
		case longLived.AccessKeyID:
			return Key{Secret: longLived.SecretAccessKey}, true
		case temporary.AccessKeyID:
			return Key{Secret: temporary.SecretAccessKey, Token: "token", Expires: noon.Add(time.Second)}, true
		case over.AccessKeyID:
			return Key{Secret: over.SecretAccessKey, Token: "token", Expires: noon}, true
		}
		return Key{}, false
	}}
}

// TestRefusals signs with AWS's own signer and then spoils one thing.
func TestRefusals(t *testing.T) {
	edit := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			was := r.Header.Get("Authorization")
			now := strings.Replace(was, old, new, 1)
			if was == now {
				t.Fatalf("%q is not in %q", old, was)
			}
			r.Header.Set("Authorization", now)
		}
	}
	const invalid, denied = "InvalidClientTokenId", "SignatureDoesNotMatch"
	for _, c := range []struct {
		name   string
		key    aws.Credentials // zero: temporary
		at     time.Duration   // of signing, from noon
		region string
		spoil  func(*http.Request)
		body   string
		status int // 0: must pass
		code   string
		words  string
	}{
		{name: "good temporary key"},
		{name: "good long-lived key", key: longLived},
		{name: "unsigned header may change", spoil: func(r *http.Request) { r.Header.Set("User-Agent", "another") }},
		{name: "nearly 15 minutes old", at: -15 * time.Minute},
		{name: "nearly 15 minutes early", at: 15 * time.Minute},
		{name: "too old", at: -15*time.Minute - time.Second, status: 403, code: denied,
			words: "Signature expired: 20260504T114459Z is now earlier than 20260504T114500Z (20260504T120000Z - 15 min.)"},
		{name: "too early", at: 15*time.Minute + time.Second, status: 403, code: denied,
			words: "Signature not yet current: 20260504T121501Z is still later than 20260504T121500Z (20260504T120000Z + 15 min.)"},
		{name: "region", region: "us-east-1", status: 403, code: denied, words: "Credential should be scoped to a valid region. "},
		{name: "service", spoil: edit("/sts/", "/s3/"), status: 403, code: denied, words: "Credential should be scoped to correct service: 'sts'. "},
		{name: "terminator", spoil: edit("aws4_request", "aws5_request"), status: 403, code: denied, words: "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "},
		{name: "date", spoil: edit("/20260504/", "/20260503/"), status: 403, code: denied, words: "Date in Credential scope does not match YYYYMMDD"},
		{name: "host not signed", spoil: edit(";host", ""), status: 403, code: denied, words: "'Host' or ':authority' must be a 'SignedHeader'"},
		{name: "signature", spoil: edit("Signature=", "Signature=0"), status: 403, code: denied, words: "The request signature we calculated does not match"},
		{name: "signed header", spoil: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, status: 403, code: denied, words: "The request signature we calculated"},
		{name: "host", spoil: func(r *http.Request) { r.Host = "sts.elsewhere" }, status: 403, code: denied, words: "The request signature we calculated"},
		{name: "body", body: formBody + "&x=1", status: 403, code: denied, words: "The request signature we calculated"},
		{name: "content hash", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hash([]byte("other"))) }, status: 403, code: denied, words: "The provided 'x-amz-content-sha256' header"},
		{name: "secret", key: aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret-of-another"}, status: 403, code: denied, words: "Check your AWS Secret Access Key"},
		{name: "unknown key", key: aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "secret-of-nobody"}, status: 403, code: invalid, words: "The security token included in the request is invalid."},
		{name: "no token", key: aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret-of-a-session"}, status: 403, code: invalid, words: "The security token included in the request is invalid."},
		{name: "wrong token", key: aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret-of-a-session", SessionToken: "other"}, status: 403, code: invalid, words: "is invalid."},
		{name: "token with a long-lived key", key: aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret-of-a-user", SessionToken: "token"}, status: 403, code: invalid, words: "is invalid."},
		{name: "expired key", key: over, status: 403, code: "ExpiredToken", words: "The security token included in the request is expired"},
		{name: "nothing", spoil: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationToken", words: "Request is missing Authentication Token"},
		{name: "basic auth", spoil: func(r *http.Request) { r.SetBasicAuth("a", "b") }, status: 403, code: "MissingAuthenticationToken", words: "Request is missing Authentication Token"},
		{name: "algorithm", spoil: edit("HMAC-SHA256", "HMAC-SHA1"), status: 400, code: "IncompleteSignature", words: "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'"},
		{name: "no equal sign", spoil: edit("Signature=", "Signature"), status: 400, code: "IncompleteSignature", words: "missing equal-sign"},
		{name: "no credential", spoil: edit("Credential=", "Other="), status: 400, code: "IncompleteSignature", words: "Authorization header requires 'Credential' parameter."},
		{name: "short credential", spoil: edit("/eu-west-1/", "/"), status: 400, code: "IncompleteSignature", words: "Credential must have exactly 5 slash-delimited elements"},
		{name: "no date", spoil: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, status: 400, code: "IncompleteSignature", words: "existence of either a 'X-Amz-Date' or a 'Date' header."},
		{name: "odd date", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }, status: 400, code: "IncompleteSignature", words: "Date must be in ISO-8601 'basic format'. Got 'yesterday'."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.key.AccessKeyID == "" {
				c.key = temporary
			}
			if c.region == "" {
				c.region = "eu-west-1"
			}
			if c.body == "" {
				c.body = formBody
			}
			r := form(t)
			if err := v4.NewSigner().SignHTTP(context.Background(), c.key, r, hash([]byte(formBody)), "sts", c.region, noon.Add(c.at)); err != nil {
				t.Fatal(err)
			}
			if c.spoil != nil {
				c.spoil(r)
			}
			id, err := verifier().Verify(r, []byte(c.body))
			if c.status == 0 {
				if err != nil || id != c.key.AccessKeyID {
					t.Fatalf("Verify = %q, %v", id, err)
				}
				return
			}
			var refused *Error
			if !errors.As(err, &refused) || refused.Status != c.status || refused.Code != c.code || !strings.Contains(refused.Message, c.words) {
				t.Errorf("Verify = %v, want %d %s %q", err, c.status, c.code, c.words)
			}
			if err != nil && strings.Contains(err.Error(), signatureOf(r)) {
				t.Errorf("the refusal repeats the signature: %v", err)
			}
		})
	}
}

func signatureOf(r *http.Request) string {
	_, signature, found := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	if !found || len(signature) < 64 {
		return "(no signature)"
	}
	return signature[len(signature)-64:]
}

// TestPresigned: a presigned request lives for 15 minutes, whatever X-Amz-Expires says, but for S3.
func TestPresigned(t *testing.T) {
	for _, c := range []struct {
		name    string
		s3      bool
		expires string
		age     time.Duration
		ok      bool
	}{
		{name: "fresh", expires: "60", ok: true},
		{name: "older than its X-Amz-Expires", expires: "60", age: 10 * time.Minute, ok: true},
		{name: "older than 15 minutes", expires: "3600", age: 16 * time.Minute},
		{name: "s3, older than its X-Amz-Expires", s3: true, expires: "60", age: 10 * time.Minute},
		{name: "s3, younger than its X-Amz-Expires", s3: true, expires: "3600", age: 50 * time.Minute, ok: true},
		{name: "more than a week", expires: "604801"},
	} {
		t.Run(c.name, func(t *testing.T) {
			service, payload := "sts", hash([]byte(""))
			if c.s3 {
				service, payload = "s3", "UNSIGNED-PAYLOAD"
			}
			r, err := http.NewRequest("GET", "http://sts.example/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires="+c.expires, nil)
			if err != nil {
				t.Fatal(err)
			}
			uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), temporary, r, payload, service, "eu-west-1", noon.Add(-c.age))
			if err != nil {
				t.Fatal(err)
			}
			if r, err = http.NewRequest("GET", uri, nil); err != nil {
				t.Fatal(err)
			}
			v := verifier()
			v.Service, v.S3 = service, c.s3
			if _, err := v.Verify(r, nil); (err == nil) != c.ok {
				t.Errorf("Verify = %v, want success %v", err, c.ok)
			}
		})
	}
}

// TestS3 checks the three ways in which S3 is not like the others, against AWS's signer.
func TestS3(t *testing.T) {
	for _, payload := range []string{"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", hash([]byte("data"))} {
		r, err := http.NewRequest("PUT", "http://bucket.example/a//b/../c%20d", strings.NewReader("data"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", payload)
		plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }
		if err := v4.NewSigner(plain).SignHTTP(context.Background(), temporary, r, payload, "s3", "eu-west-1", noon); err != nil {
			t.Fatal(err)
		}
		v := verifier()
		v.Service, v.S3 = "s3", true
		if _, err := v.Verify(r, []byte("data")); err != nil {
			t.Errorf("payload %s: %v", payload, err)
		}
		v.S3 = false
		if _, err = v.Verify(r, []byte("data")); err == nil {
			t.Errorf("payload %s: passed under the rules of the other services", payload)
		}
	}
}

// TestBase64Hash checks what Iceberg's signer sends: the header has the payload's hash in base64, and what is signed has it in
// hexadecimal. S3 does not take that, and nobody takes another payload's.
func TestBase64Hash(t *testing.T) {
	sum := sha256.Sum256([]byte("data"))
	for _, c := range []struct {
		body string
		s3   bool
		want string
	}{
		{body: "data"},
		{body: "other", want: "x-amz-content-sha256"},
		{body: "data", s3: true, want: "x-amz-content-sha256"},
	} {
		r, err := http.NewRequest("POST", "http://catalog.example/iceberg", strings.NewReader("data"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
		if err := v4.NewSigner().SignHTTP(context.Background(), temporary, r, hash([]byte("data")), "glue", "eu-west-1", noon); err != nil {
			t.Fatal(err)
		}
		v := verifier()
		v.Service, v.S3 = "glue", c.s3
		if _, err = v.Verify(r, []byte(c.body)); err == nil != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
