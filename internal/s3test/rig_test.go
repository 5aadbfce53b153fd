package s3test_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

const (
	jobRole    = "arn:aws:iam::111122223333:role/job"
	clientRole = "arn:aws:iam::444455556666:role/path/client"
	userARN    = "arn:aws:iam::444455556666:user/alice"
	region     = "eu-west-1"
)

var alice = aws.Credentials{AccessKeyID: "AKIAALICE", SecretAccessKey: "secret-of-alice"}

// A rig is a gate before a backend that answers what it is told to and remembers what it was asked.
type rig struct {
	t      *testing.T
	sts    *ststest.Server
	gate   *s3test.Gate
	url    string        // the gate's, by its loopback address
	client *http.Client  // comes to the gate whatever the host
	late   time.Duration // set between requests: how far the gate's clock is ahead
	ago    time.Duration // and how far that of the STS is behind; a session has 6 hours

	mu     sync.Mutex
	asked  []asked
	answer http.HandlerFunc // nil: 200 and "stored"
}

type asked struct {
	method, target string
	header         http.Header
	body           string
}

func newRig(t *testing.T, hold func(s3test.Entry) time.Time, grants ...s3test.Grant) *rig {
	t.Helper()
	r := &rig{t: t}
	var err error
	if r.sts, err = ststest.New(ststest.Options{Config: ststest.Config{
		Roles: []ststest.Role{{ARN: jobRole}, {ARN: clientRole}},
		Users: []ststest.User{{ARN: userARN, AccessKeyID: alice.AccessKeyID, SecretAccessKey: alice.SecretAccessKey}},
	}, Now: func() time.Time { return time.Now().Add(-r.ago) }}); err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(r.backend))
	t.Cleanup(backend.Close)
	r.gate, err = s3test.New(s3test.Options{STS: r.sts, Region: region, Backend: backend.URL, Grants: grants, Hold: hold,
		Now: func() time.Time { return time.Now().Add(r.late) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.gate)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	r.url = server.URL
	transport := &http.Transport{
		DisableCompression: true, ExpectContinueTimeout: time.Hour,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	r.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r
}

func (r *rig) backend(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		r.t.Errorf("the backend reads: %v", err)
	}
	r.mu.Lock()
	r.asked = append(r.asked, asked{in.Method, in.RequestURI, in.Header.Clone(), string(body)})
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, in)
		return
	}
	io.WriteString(w, "stored")
}

// session is a fresh session of a role.
func (r *rig) session(role string) aws.Credentials {
	c := r.sts.PodIdentity(role, "pod", nil)
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// A call is one request to be signed and made.
type call struct {
	method  string          // empty: GET
	url     string          // empty: a key of the bucket "data"
	body    string          // as sent
	headers []string        // name, value, name, value
	payload string          // X-Amz-Content-Sha256; empty: the body's hash
	key     aws.Credentials // zero: a session of the client role
	service string          // of the scope; empty: s3
	region  string          // of the scope; empty: the gate's
	at      time.Time       // of signing; zero: now
	spoil   func(*http.Request)
}

func sum(body string) string {
	digest := sha256.Sum256([]byte(body))
	return hex.EncodeToString(digest[:])
}

func or(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// request is the call, signed by AWS's own signer and then spoilt.
func (r *rig) request(c call) *http.Request {
	r.t.Helper()
	out, err := http.NewRequestWithContext(r.t.Context(), or(c.method, "GET"), or(c.url, "http://data.s3.eu-west-1.amazonaws.com/dir/key"), strings.NewReader(c.body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(c.headers); i += 2 {
		out.Header.Set(c.headers[i], c.headers[i+1])
	}
	payload := or(c.payload, sum(c.body))
	if or(c.service, "s3") == "s3" {
		out.Header.Set("X-Amz-Content-Sha256", payload)
	}
	if c.key.AccessKeyID == "" {
		c.key = r.session(clientRole)
	}
	if c.at.IsZero() {
		c.at = time.Now().Add(r.late)
	}
	plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = or(c.service, "s3") == "s3" }
	if err := v4.NewSigner(plain).SignHTTP(r.t.Context(), c.key, out, payload, or(c.service, "s3"), or(c.region, region), c.at); err != nil {
		r.t.Fatal(err)
	}
	if c.spoil != nil {
		c.spoil(out)
	}
	return out
}

// do makes the call, and returns the answer, its body and the journal's entry.
func (r *rig) do(c call) (*http.Response, string, s3test.Entry) {
	r.t.Helper()
	return r.send(r.request(c))
}

func (r *rig) send(out *http.Request) (*http.Response, string, s3test.Entry) {
	r.t.Helper()
	before := len(r.gate.Journal())
	response, err := r.client.Do(out)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		r.t.Fatal(err)
	}
	journal := r.gate.Journal()
	if len(journal) != before+1 {
		r.t.Fatalf("%d entries in the journal for one request", len(journal)-before)
	}
	entry := journal[before]
	if entry.Status != response.StatusCode {
		r.t.Errorf("the journal has status %d, the client %d", entry.Status, response.StatusCode)
	}
	return response, body.String(), entry
}

// last is what the backend was asked last; it must have been asked n times in all.
func (r *rig) last(n int) asked {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) != n {
		r.t.Fatalf("the backend was asked %d times, not %d", len(r.asked), n)
	}
	if n == 0 {
		return asked{}
	}
	return r.asked[n-1]
}

func (r *rig) answers(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// all lets the client role do everything that the tests are about.
var all = []s3test.Grant{
	{Role: clientRole, Bucket: "data", Actions: []string{"s3:*"}},
	{Role: clientRole, Queue: "names", Actions: []string{"sqs:*"}},
}
