package main

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"rolechain/internal/proxytest"
)

// proxyAddress is where a company's proxy listens in the situation proxied.
const proxyAddress = "127.0.0.4:3128"

// A proxy connects to whatever it is asked for, and keeps a log. The endpoint's token must never reach it.
type proxy struct {
	mu     sync.Mutex
	asked  []string // METHOD host:port
	leaked []string
}

// proxyVariables are all variables by which programs find a proxy, without NO_PROXY: the start has to set that.
func proxyVariables() (env []string) {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"} {
		env = append(env, name+"=http://"+proxyAddress)
	}
	return env
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.Host
	host, _, _ := net.SplitHostPort(r.Host)
	authorization := r.Header.Get("Authorization")
	p.mu.Lock()
	p.asked = append(p.asked, what)
	// The S3 without TLS is on a loopback address too, but what comes to that is signed.
	if authorization != "" && !strings.HasPrefix(authorization, "AWS4-") || r.Method == http.MethodConnect && net.ParseIP(host).IsLoopback() {
		p.leaked = append(p.leaked, what)
	}
	p.mu.Unlock()
	if r.Method == http.MethodConnect {
		proxytest.Tunnel(w, r.Host)
		return
	}
	r.RequestURI = ""
	response, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

// problem says what is wrong with what came to the proxy; "" if nothing is.
func (p *proxy) problem() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.leaked) > 0:
		return "the proxy was asked for the job's credentials: " + strings.Join(p.leaked, ", ")
	case !slices.ContainsFunc(p.asked, func(a string) bool { return strings.HasPrefix(a, "CONNECT sts.") }):
		return "STS was not asked through the proxy, which saw: " + strings.Join(p.asked, ", ")
	}
	return ""
}
