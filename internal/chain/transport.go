package chain

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// newHTTP returns a client with bounds on every phase of a call; the whole of it is bounded by the caller's context.
func newHTTP(transport http.RoundTripper, proxy func(*http.Request) (*url.URL, error)) *http.Client {
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 proxy,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: tryTimeout,
			// Calls are half an hour apart. A kept connection would be dead by then, and the call that finds out fails.
			DisableKeepAlives: true,
		}
	}
	return &http.Client{
		Transport: transport,
		// STS and the agent never redirect; following one would carry a token to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
