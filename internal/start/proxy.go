package start

import (
	"slices"
	"strings"
)

// proxyVariables name a proxy. Programs differ in which they read; those that ask an http:// address read one of the first.
var proxyVariables = []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"}

// loopback is what a proxy must not get: the credentials endpoint, with its token.
var loopback = []string{"127.0.0.1", "localhost"}

// bypassProxy keeps requests to the credentials endpoint from a proxy. object_store, libcurl and Python's urllib would send
// them there. Both names get the exceptions, because many programs prefer the lower-case one: where only one was set the
// other becomes a copy with the addition.
func (p *Plan) bypassProxy(env []string) {
	proxied := slices.ContainsFunc(proxyVariables, func(name string) bool { value, _ := lookup(env, name); return value != "" })
	if !proxied {
		return
	}
	upper, hasUpper := lookup(env, "NO_PROXY")
	lower, hasLower := lookup(env, "no_proxy")
	if !hasUpper {
		upper = lower
	}
	if !hasLower {
		lower = upper
	}
	p.set("NO_PROXY", withLoopback(upper))
	p.set("no_proxy", withLoopback(lower))
}

// withLoopback adds what is missing to a list of exceptions. "*" is all there can be.
func withLoopback(list string) string {
	items := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(items, "*") {
		return list
	}
	for _, host := range loopback {
		if slices.Contains(items, host) {
			continue
		}
		if list = strings.TrimRight(list, ", "); list != "" {
			list += ","
		}
		list += host
	}
	return list
}
