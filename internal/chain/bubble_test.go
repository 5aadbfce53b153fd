package chain

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"rolechain/internal/ststest"
)

// inBubble runs a test of a pod in memory on synctest's clock.
func inBubble(t *testing.T, config ststest.Config, change func(*Spec), test func(p *pod)) {
	t.Helper()
	dir := t.TempDir() // its removal wants the real clock
	synctest.Test(t, func(t *testing.T) {
		test(inMemory(t, config, func(s *Spec) {
			s.TokenFile = dir + "/token"
			if change != nil {
				change(s)
			}
		}))
	})
}

// wantHosts checks to which host the pod's chain sends both calls, and the scope of the signature.
func (p *pod) wantHosts(host, scope string) {
	p.Helper()
	var hosts, signed []string
	p.chain = New(p.spec, roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		signed = append(signed, r.Header.Get("Authorization"))
		return p.sts.Transport().RoundTrip(r)
	}))
	p.chain.Client(p.Context()) // refused at the end when the role is another partition's
	if len(hosts) != 2 || hosts[0] != host || hosts[1] != host || signed[0] != "" || !strings.Contains(signed[1], scope) {
		p.Errorf("asked %q, signed %v, want %s and %s", hosts, len(signed), host, scope)
	}
}
