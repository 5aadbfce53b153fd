package chain

import (
	"net"
	"net/http"
	"net/http/httptest"
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
