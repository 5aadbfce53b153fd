package chain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"rolechain/internal/proxytest"
)

// An answer that ends at any byte is a whole session or a passing failure, whether the connection broke or a proxy ended
// the answer in good order.
func TestEveryTruncation(t *testing.T) {
	p := inMemory(t, roles(), nil)
	base, err := p.chain.Base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var whole []byte
	cut, broken := 0, false
	p.chain.sts = newSTS(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
		if whole == nil {
			answer, err := p.sts.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			whole, _ = io.ReadAll(answer.Body)
		}
		var body io.Reader = bytes.NewReader(whole[:cut])
		if broken {
			body = io.MultiReader(body, brokenOff{})
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
	}))
	p.chain.Client(t.Context()) // fetches whole
	want := Session{}
	for cut = len(whole); cut >= 0; cut-- {
		for _, broken = range []bool{false, true} {
			s, err := p.chain.Client(t.Context())
			if want == (Session{}) {
				want = s
			}
			var e *Error
			if err == nil && s != want || err != nil && (!errors.As(err, &e) || e.Kind != Transient || !strings.HasSuffix(e.Message, ": "+foreign)) {
				t.Fatalf("%d of %d bytes, broken %v: %v, %v", cut, len(whole), broken, s, err)
			}
			if err == nil && cut < len(whole)/2 {
				t.Fatalf("%d of %d bytes made a session", cut, len(whole))
			}
		}
	}
	if want.AccessKeyID == "" || want.AccessKeyID == base.AccessKeyID {
		t.Errorf("the whole answer made %v", want)
	}
}

// A proxy may take a connection and close it before the request is written: net/http then speaks of an idle one.
func TestClosedBeforeTheRequest(t *testing.T) {
	p := inMemory(t, roles(), nil)
	if _, err := p.chain.Base(t.Context()); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	ended := func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		return taking{client}, server.Close()
	}
	transport.DialContext, transport.DialTLSContext = ended, ended
	p.chain.sts = newSTS(p.spec, transport)
	ctx := proxytest.ReadFirst(t.Context(), transport)
	for range 20 { // whether net/http has seen the end by then is left to its goroutines
		_, err := p.chain.Client(ctx)
		var e *Error
		if !errors.As(err, &e) || e.Kind != Transient || !strings.HasSuffix(e.Message, ": "+foreign) {
			t.Fatal(err)
		}
	}
}

// taking is a connection that takes what is written, as the kernel does.
type taking struct{ net.Conn }

func (taking) Write(b []byte) (int, error) { return len(b), nil }

// brokenOff is a body whose connection breaks.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
