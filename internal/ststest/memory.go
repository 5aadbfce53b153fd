package ststest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"syscall"
)

// Transport is the server as an http.RoundTripper: requests are answered in the caller's goroutine without a network,
// whatever their URL. It is for tests with testing/synctest, where a connection would keep the clock from moving.
// Faults look as they do on a connection.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

func (t transport) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	in := r.Clone(r.Context())
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &recorder{header: http.Header{}}
	defer func() {
		cut := recover()
		if cut == nil {
			return
		}
		if cut != http.ErrAbortHandler {
			panic(cut)
		}
		switch {
		case out.status != 0:
			response, err = out.response(r, cutShort{}), nil
		case r.Context().Err() != nil:
			response, err = nil, r.Context().Err()
		default:
			response, err = nil, fmt.Errorf("reading response: %w", syscall.ECONNRESET)
		}
	}()
	t.server.ServeHTTP(out, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return out.response(r, bytes.NewReader(nil)), nil
}

// A recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush is there so that a truncated answer is not taken for one that never began.
func (w *recorder) Flush() { w.WriteHeader(http.StatusOK) }

func (w *recorder) response(r *http.Request, rest io.Reader) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Request: r, ContentLength: -1,
		Body: io.NopCloser(io.MultiReader(&w.body, rest)),
	}
}

// cutShort is the end of a body that ends too early.
type cutShort struct{}

func (cutShort) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
