package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/handover"
)

const (
	clientRole = "arn:aws:iam::444455556666:role/client-role"
	baseRole   = "arn:aws:iam::111122223333:role/job-execution-role"
)

func session(n int) chain.Session {
	return chain.Session{
		Role: clientRole, AccessKeyID: fmt.Sprintf("ASIAEXAMPLE%05d", n), SecretAccessKey: fmt.Sprintf("secret/%05d+", n),
		SessionToken: fmt.Sprintf("token/%05d+==", n), Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
	}
}

// announced is how much earlier than the true end of a session the sources of these tests announce.
const announced = 15 * time.Minute

// A fixed is a source that always has the same session.
type fixed chain.Session

func (f fixed) Wait(context.Context) (chain.Session, error) { return chain.Session(f), nil }
func (f fixed) Announced(s chain.Session) time.Time         { return s.Expires.Add(-announced) }

// A called is a source that calls a function.
type called func(context.Context) (chain.Session, error)

func (f called) Wait(ctx context.Context) (chain.Session, error) { return f(ctx) }
func (f called) Announced(s chain.Session) time.Time             { return s.Expires }

// paths are those of a client role and a first hop.
func paths(current, base Source) map[string]Source {
	return map[string]Source{handover.CredentialsPath: current, handover.BasePath: base}
}

var errNone = errors.New("there is no session for anybody")

// A shelf is a source on which a test puts sessions.
type shelf struct {
	session atomic.Pointer[chain.Session]
	put     chan struct{} // closed when the first one is there
	asked   chan struct{} // gets something from each request that waits, as long as there is room
}

func newShelf() *shelf { return &shelf{put: make(chan struct{}), asked: make(chan struct{}, 1)} }

func (s *shelf) Announced(c chain.Session) time.Time { return c.Expires }

func (s *shelf) Wait(ctx context.Context) (chain.Session, error) {
	if now := s.session.Load(); now != nil {
		return *now, nil
	}
	select {
	case s.asked <- struct{}{}:
	default:
	}
	select {
	case <-s.put:
		return *s.session.Load(), nil
	case <-ctx.Done():
		return chain.Session{}, errNone
	}
}

// A rig is a server that runs.
type rig struct {
	testing.TB
	token   string
	address string
	client  *http.Client
	stop    func() // ends Serve and waits for that
}

func run(t testing.TB, current, base Source, lim limits) *rig {
	t.Helper()
	token := NewToken()
	return runHandler(t, token, newHandler(token, paths(current, base), func() any { return map[string]int{"failures": 3} }, lim.write-10*time.Second), lim)
}

func runHandler(t testing.TB, token string, h http.Handler, lim limits) *rig {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{TB: t, token: token, address: l.Addr().String(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, l, h, nil, lim) }()
	stopped := false
	r.stop = func() {
		if cancel(); !stopped {
			stopped = true
			if err := <-done; err != nil {
				t.Errorf("serving: %v", err)
			}
		}
	}
	t.Cleanup(func() { r.client.CloseIdleConnections(); r.stop() })
	return r
}

// request is a good one; change may spoil it.
func (r *rig) request(path string, change func(*http.Request)) *http.Request {
	r.Helper()
	q, err := http.NewRequest("GET", "http://"+r.address+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", r.token)
	if change != nil {
		change(q)
	}
	return q
}

func (r *rig) do(q *http.Request) (*http.Response, string) {
	r.Helper()
	response, err := r.client.Do(q)
	if err != nil {
		r.Error(err)
		return &http.Response{}, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.Error(err)
	}
	return response, string(body)
}

// dial opens a connection that says what it likes.
func (r *rig) dial() *raw {
	r.Helper()
	c, err := net.Dial("tcp", r.address)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second)) // a test that hangs says so
	return &raw{c, bufio.NewReader(c), r}
}

type raw struct {
	net.Conn
	in  *bufio.Reader
	rig *rig
}

// say writes text, in which %A is the address and %T the token.
func (c *raw) say(text string) {
	text = strings.NewReplacer("%A", c.rig.address, "%T", c.rig.token).Replace(text)
	_, _ = io.WriteString(c, text)
}

// hear returns the next answer's status and body; 0 and the reason when there is none.
func (c *raw) hear() (int, string) {
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// A recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

var address80 = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
