package chain

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"rolechain/internal/settings"
)

// A Proxy says through which proxy STS is reached. It has no passwords, because it is written to files.
type Proxy struct {
	HTTPS string `json:"https,omitempty"` // URL of the proxy for https; "" for none
	HTTP  string `json:"http,omitempty"`  // likewise for http
	No    string `json:"no,omitempty"`    // hosts that are reached without one, as in NO_PROXY

	// Ignored reports that only ALL_PROXY is set, which Go programs do not know.
	Ignored bool `json:"ignored,omitempty"`
}

// ProxyOf is what the settings say, without users and passwords.
func ProxyOf(s settings.Proxy) Proxy {
	return Proxy{HTTPS: publicURL(s.HTTPS), HTTP: publicURL(s.HTTP), No: s.No, Ignored: s.All && s.HTTPS == "" && s.HTTP == ""}
}

// publicURL is a proxy's URL without user and password, and with a scheme.
func publicURL(value string) string {
	if value == "" {
		return ""
	}
	scheme, rest, found := strings.Cut(value, "://")
	if !found {
		scheme, rest = "http", value
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + "://" + strings.TrimSuffix(rest, "/")
}

// function returns what http.Transport asks for the proxy of a request. A user and a password, which are nowhere else,
// come from this process's own variables where these name the same proxy.
func (p Proxy) function() func(*http.Request) (*url.URL, error) {
	c := httpproxy.Config{
		HTTPSProxy: ownURL(p.HTTPS, "https_proxy", "HTTPS_PROXY"),
		HTTPProxy:  ownURL(p.HTTP, "http_proxy", "HTTP_PROXY"),
		NoProxy:    p.No,
	}
	proxy := c.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }
}

func ownURL(public string, names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); public != "" && publicURL(value) == public {
			return value
		}
	}
	return public
}

// For returns the proxy for a URL, without user and password; "" for none.
func (p Proxy) For(target *url.URL) string {
	c := httpproxy.Config{HTTPSProxy: p.HTTPS, HTTPProxy: p.HTTP, NoProxy: p.No}
	if found, err := c.ProxyFunc()(target); err == nil && found != nil {
		return found.String()
	}
	return ""
}

// A proxyError is what a proxy answered to CONNECT instead of making the connection.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("status %d %s", e.status, http.StatusText(e.status)))
}

// connected is http.Transport's OnProxyConnectResponse. By itself it makes an error of the status text alone.
func connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &proxyError{answer.StatusCode}
	}
	return nil
}
