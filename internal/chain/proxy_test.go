package chain

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// A proxy in a spec has no password; whoever has it in its own variables, for the same proxy, uses it.
func TestProxyWithoutPassword(t *testing.T) {
	p := ProxyOf(settings.Proxy{HTTPS: "http://me:hunter2@proxy.example:3128/", HTTP: "me:hun@ter2@other.example:1", No: ".internal,10.0.0.0/8"})
	if want := (Proxy{HTTPS: "http://proxy.example:3128", HTTP: "http://other.example:1", No: ".internal,10.0.0.0/8"}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	proxyFor := func(target string) string {
		u, err := p.function()(&http.Request{URL: &url.URL{Scheme: "https", Host: target}})
		if err != nil {
			t.Fatal(err)
		}
		if u == nil {
			return ""
		}
		return u.String()
	}
	for _, name := range []string{"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"} {
		t.Setenv(name, "")
	}
	for _, c := range []struct{ own, host, want string }{
		{"", "sts.amazonaws.com", "http://proxy.example:3128"},
		{"http://me:hunter2@proxy.example:3128", "sts.amazonaws.com", "http://me:hunter2@proxy.example:3128"},
		{"http://me:hunter2@elsewhere.example:3128", "sts.amazonaws.com", "http://proxy.example:3128"},
		{"http://me:hunter2@proxy.example:3128", "sts.internal", ""},
		{"http://me:hunter2@proxy.example:3128", "10.1.2.3", ""},
	} {
		t.Setenv("HTTPS_PROXY", c.own)
		if got := proxyFor(c.host); got != c.want {
			t.Errorf("to %s with %q: %q, want %q", c.host, c.own, got, c.want)
		}
	}
	if got := p.For(&url.URL{Scheme: "https", Host: "sts.amazonaws.com"}); got != "http://proxy.example:3128" {
		t.Errorf("named as %q", got)
	}
	if p := ProxyOf(settings.Proxy{All: true}); !p.Ignored {
		t.Errorf("%+v", p)
	}
}

// A mounted CA bundle is replaced while a job runs: it is read for every call.
func TestBundleIsReadAnew(t *testing.T) {
	p := inMemory(t, roles(), nil)
	front := httptest.NewUnstartedServer(p.sts)
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	defer front.Close()
	p.spec.STSEndpoint = front.URL
	p.spec.CABundle, p.spec.CABundleFrom = filepath.Join(t.TempDir(), "ca.pem"), "AWS_CA_BUNDLE"
	p.chain = New(p.spec, nil)
	e := p.refused()
	wantExit(t, AsExit(e), exit.BadSetting, "the certificate is not trusted: ", "AWS_CA_BUNDLE: the CA bundle cannot be read")
	if e.Kind != BadSpec || !strings.Contains(e.Message, `issuer "O=Acme Co"`) {
		t.Errorf("%+v", e)
	}
	p.write(p.spec.CABundle, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})))
	p.client()
}
