package chain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"rolechain/internal/exit"
	"rolechain/internal/ststest"
)

// TestFaults: each fault of the stand-in at each hop, over TCP and in memory, and that it passes.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		kind  ststest.FaultKind
		want  Kind
		text  string
		cause error
	}{
		{ststest.Throttle, Transient, "Throttling: Rate exceeded", nil},
		{ststest.InternalFailure, Transient, "InternalFailure: We encountered", nil},
		{ststest.ServiceUnavailable, Transient, "ServiceUnavailable: Service is", nil},
		{ststest.IDPCommunication, Transient, "IDPCommunicationError: The request", nil},
		{ststest.AccessDenied, Refused, "AccessDenied: ", nil},
		{ststest.PastExpiration, Transient, "a session that ended 60 minutes ago by this node's clock", nil},
		{ststest.Reset, Transient, "connection reset by peer", syscall.ECONNRESET},
		{ststest.Truncate, Transient, "the answer ended too early", io.ErrUnexpectedEOF},
		{ststest.TruncateChunked, Transient, "the answer ended too early", io.ErrUnexpectedEOF},
	} {
		for name, start := range map[string]func(*testing.T, ststest.Config, func(*Spec)) *pod{"tcp": overTCP, "memory": inMemory} {
			for hop, action := range []string{"AssumeRoleWithWebIdentity", "AssumeRole"} {
				if c.kind == ststest.IDPCommunication && hop > 0 {
					continue
				}
				t.Run(string(c.kind)+" "+name+" "+action, func(t *testing.T) {
					p := start(t, roles(), nil)
					p.inject(ststest.Fault{Kind: c.kind, Action: action, Times: 1})
					e := p.refused()
					if e.Kind != c.want || e.Hop != hop+1 || e.Action != action || !strings.Contains(e.Error(), c.text) || c.cause != nil && !errors.Is(e, c.cause) {
						t.Errorf("%+v", e)
					}
					var kept *smithy.DeserializationError
					if errors.As(e, &kept) {
						t.Errorf("the error keeps %d bytes of the answer", len(kept.Snapshot))
					}
					if n := len(p.calls()); n != hop+1 {
						t.Errorf("one attempt made %d calls: %q", n, p.calls())
					}
					p.client()
				})
			}
		}
	}
}

// An expired token at hop one is final; a caller's expired session is TestCallerEnds.
func TestFaultExpiredToken(t *testing.T) {
	p := inMemory(t, roles(), nil)
	p.inject(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRoleWithWebIdentity", Times: 1})
	if e := p.refused(); e.Kind != Refused || e.Code != "ExpiredTokenException" {
		t.Errorf("%+v", e)
	}
}

// A call that is not answered ends after 10 s; one that is slow does not.
func TestSlowAndHang(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.inject(ststest.Fault{Kind: ststest.Slow, DelaySeconds: 9, Times: 1})
		p.client()
		p.inject(ststest.Fault{Kind: ststest.Hang, Times: 1})
		began := time.Now()
		e := p.refused()
		if e.Hop != 2 || e.Kind != Transient || e.Message != "STS at sts.eu-west-1.amazonaws.com (region eu-west-1): no answer within 10s" || time.Since(began) != callTimeout {
			t.Errorf("%v after %v", e, time.Since(began))
		}
	})
}

// Somebody else's attempt that hangs holds up nobody for longer than they want to wait, and they are not told that STS did
// not answer them.
func TestWaitingForATurn(t *testing.T) {
	inBubble(t, roles(), nil, func(p *pod) {
		p.inject(ststest.Fault{Kind: ststest.Hang, Times: 1})
		done := make(chan error)
		go func() {
			_, err := p.chain.Client(context.Background())
			done <- err
		}()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(p.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := p.chain.Base(ctx)
		if !transient(err) || !strings.HasSuffix(err.Error(), ": not tried: another try of this process was under way for all of 1s") || time.Since(began) != time.Second {
			p.Errorf("%v after %v", err, time.Since(began))
		}
		if hint := exit.HintOf(AsExit(err)); hint != "" {
			p.Errorf("a hint about STS, which was not asked: %s", hint)
		}
		if err := <-done; !transient(err) {
			p.Error(err)
		}
		p.wantCalls("web job-execution-role hang")
	})
}

// What the network does is told in a few words that do not change from try to try.
func TestNetwork(t *testing.T) {
	p := overTCP(t, roles(), nil)
	p.sts.Down()
	address := strings.TrimPrefix(p.sts.URL, "http://")
	e := p.refused()
	if e.Kind != Transient || e.Message != "STS at "+address+" (region eu-west-1): connection refused" || !errors.Is(e, syscall.ECONNREFUSED) {
		t.Errorf("%+v", e)
	}
	wantExit(t, AsExit(e), exit.Unreached, "connection refused", "1. the pod has no way to "+address+": ")
	if err := p.sts.Up(); err != nil {
		t.Fatal(err)
	}
	p.client()

	p.chain = New(p.spec, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "sts.nowhere.amazonaws.com", IsNotFound: true}}
	}))
	if e := p.refused(); e.Kind != Transient || e.Message != "STS at "+address+" (region eu-west-1): looking up sts.nowhere.amazonaws.com: no such host" {
		t.Errorf("%+v", e)
	}
	tls := strings.Replace(p.sts.URL, "http:", "https:", 1)
	p.spec.STSEndpoint = tls
	p.chain = New(p.spec, nil)
	if e := p.refused(); e.Kind != Transient || !strings.Contains(e.Message, "HTTP response to HTTPS client") || strings.Contains(e.Message, "Post") {
		t.Errorf("%+v", e)
	}

	p.chain = New(p.spec, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New(`invalid proxy address "http://me:hunter2@ proxy": parse error`)
	}))
	if e := p.refused(); e.Kind != BadSpec || strings.Contains(fmt.Sprintf("%+v", e), "hunter2") || !strings.Contains(e.Message, "HTTPS_PROXY") {
		t.Errorf("%+v", e)
	}
}
