package chain

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// newHTTP returns a client with bounds on every phase of a call; the whole of it is bounded by the caller's context.
func newHTTP(transport http.RoundTripper, proxy func(*http.Request) (*url.URL, error), bundle string) *http.Client {
	if transport == nil {
		transport = &bundled{path: bundle, base: &http.Transport{
			Proxy:                  proxy,
			OnProxyConnectResponse: connected,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  callTimeout,
			// Calls are half an hour apart. A kept connection would be dead by then, and the call that finds out fails.
			DisableKeepAlives: true,
		}}
	}
	return &http.Client{
		Transport: bounded{transport},
		// STS and the agent never redirect; following one would carry a token to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded ends an answer behind maxAnswer: whatever sends more must not fill the pod's memory with it.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer+1), answer.Body}
	}
	return answer, err
}

// bundled reads the CA bundle anew for every call: a mounted one is replaced while a job runs. The system's authorities
// are those of the start of the process.
type bundled struct {
	path string // "" for the system's authorities
	base *http.Transport
}

func (b *bundled) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.path == "" || r.URL.Scheme != "https" {
		return b.base.RoundTrip(r)
	}
	call := b.base.Clone()
	if roots, err := Authorities(b.path); err == nil { // or else the system's; the hint says so when these do not do
		call.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return call.RoundTrip(r)
}

// Authorities reads a CA bundle. The error names the file.
func Authorities(path string) (*x509.CertPool, error) {
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the CA bundle cannot be read: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("the CA bundle %q: %w", path, errNoCertificate)
	}
	return roots, nil
}

var errNoCertificate = errors.New("there is no certificate in PEM form in it")
