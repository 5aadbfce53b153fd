package main

import (
	"io"
	"net"
	"net/http"
	"testing"

	"rolechain/internal/proxytest"
)

// A worker may die at any moment of a request: the answer counts as cut off, whatever net/http calls it.
func TestWasCut(t *testing.T) {
	for name, c := range map[string]struct {
		request bool   // is read
		answer  string // as far as it comes
		reset   bool
	}{
		"before the request":    {},
		"before it, by a reset": {reset: true},
		"before the answer":     {request: true},
		"by a reset":            {request: true, reset: true},
		"in the header":         {request: true, answer: "HTTP/1.1 200 OK\r\nContent-"},
		"in the body":           {request: true, answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if c.request {
					_, _ = io.ReadAtLeast(conn, make([]byte, 1<<10), 1)
				}
				_, _ = io.WriteString(conn, c.answer)
				if c.reset {
					_ = conn.(*net.TCPConn).SetLinger(0)
				}
			}()
			transport, ctx := &http.Transport{DisableKeepAlives: true, DialContext: new(net.Dialer).DialContext}, t.Context()
			if !c.request {
				ctx = proxytest.ReadFirst(ctx, transport)
			}
			q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Addr().String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(q)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			if !wasCut(err) {
				t.Errorf("%v does not count", err)
			}
		})
	}
	if wasCut(nil) {
		t.Error("no error counts")
	}
	_, err := net.Dial("tcp4", "127.0.0.1:1")
	if err == nil || wasCut(err) {
		t.Errorf("%v counts, and nobody listens there", err)
	}
}
