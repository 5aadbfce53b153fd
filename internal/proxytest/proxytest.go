// Package proxytest is a proxy for tests. It connects to where the test says, whatever name it is asked for, or it
// refuses, and it keeps a log. ReadFirst is for one that closes connections at once.
package proxytest

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A Proxy speaks CONNECT. Everything else gets 501.
type Proxy struct {
	URL string // http://127.0.0.1:PORT

	mu     sync.Mutex
	routes map[string]string
	user   string
	status int
	asked  []string
}

// Start starts a proxy that leads host:port to the address in routes, until the test ends; others get 502.
func Start(t testing.TB, routes map[string]string) *Proxy {
	p := &Proxy{routes: routes}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Require makes the proxy ask for user:password.
func (p *Proxy) Require(user string) { p.mu.Lock(); defer p.mu.Unlock(); p.user = user }

// Refuse makes the proxy answer with status; 0 makes it connect again.
func (p *Proxy) Refuse(status int) { p.mu.Lock(); defer p.mu.Unlock(); p.status = status }

// As is the URL with user:password.
func (p *Proxy) As(user string) string { return strings.Replace(p.URL, "//", "//"+user+"@", 1) }

// Asked lists what the proxy was asked for since the last time: METHOD host:port.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.asked
	p.asked = nil
	return list
}

// decide logs a request, and returns the address to connect to, or a status.
func (p *Proxy) decide(r *http.Request) (address string, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	address, known := p.routes[r.Host]
	switch {
	case p.status != 0:
		return "", p.status
	case p.user != "" && r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(p.user)):
		return "", http.StatusProxyAuthRequired
	case r.Method != http.MethodConnect:
		return "", http.StatusNotImplemented
	case !known:
		return "", http.StatusBadGateway
	}
	return address, 0
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, status := p.decide(r)
	if status != 0 {
		if status == http.StatusProxyAuthRequired {
			w.Header().Set("Proxy-Authenticate", `Basic realm="tests"`)
		}
		http.Error(w, "the proxy says no", status)
		return
	}
	Tunnel(w, address)
}

// Tunnel answers a CONNECT: it connects to address, and copies both ways until both ends have closed.
func Tunnel(w http.ResponseWriter, address string) {
	far, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(far, buffered); _ = far.(*net.TCPConn).CloseWrite() })
	both.Go(func() { _, _ = io.Copy(near, far); _ = near.(*net.TCPConn).CloseWrite() })
	both.Wait()
}

// Lead makes host:port lead where other does.
func (p *Proxy) Lead(host, other string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[host] = p.routes[other]
}
