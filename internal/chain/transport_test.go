package chain

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// No connection is kept: half an hour later it would be dead.
func TestConnectionsAreNotKept(t *testing.T) {
	p := inMemory(t, roles(), nil)
	var opened atomic.Int32
	front := httptest.NewUnstartedServer(p.sts)
	front.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	front.Start()
	defer front.Close()
	p.spec.STSEndpoint = front.URL
	p.chain = New(p.spec, nil)
	p.client()
	p.client()
	if n := opened.Load(); n != 3 {
		t.Errorf("3 calls opened %d connections", n)
	}
}

// A clock that is wrong is not made good behind everybody's back: STS gets to see it, and says so.
func TestClockIsNotMadeGood(t *testing.T) {
	p := inMemory(t, roles(), nil)
	var signed time.Time
	p.chain = New(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
		signed, _ = time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		answer, err := p.sts.Transport().RoundTrip(r)
		if err == nil {
			answer.Header.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		}
		return answer, err
	}))
	p.client()
	if off := time.Since(signed); off < 0 || off > time.Minute {
		t.Errorf("signed for %v", signed)
	}
}

// endless is a body that never ends, and how much of it was read.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'A'
	}
	e.read += len(b)
	return len(b), nil
}

// An answer that does not end costs no more memory than is set, and is told from one of STS.
func TestEndlessAnswer(t *testing.T) {
	body := &endless{}
	p := inMemory(t, roles(), nil)
	p.chain = New(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
		begin := strings.NewReader("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>")
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(begin, body)), ContentLength: -1, Request: r}, nil
	}))
	if e := p.refused(); e.Kind != Transient || !strings.Contains(e.Message, foreign) {
		t.Errorf("%v", e)
	}
	if body.read > 2*maxAnswer {
		t.Errorf("%d bytes were read", body.read)
	}
}
