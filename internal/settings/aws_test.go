package settings

import (
	"fmt"
	"strings"
	"testing"
)

// Of a proxy's two names the lower-case one comes first, and an empty one is none. Nothing prints a password.
func TestProxy(t *testing.T) {
	s, _, _, err := Read(Listed([]string{"CLIENT_ROLE_ARN=" + client, "WEB_IDENTITY_ROLE_ARN=" + job,
		"HTTPS_PROXY=http://me:hunter2@upper:1", "https_proxy=lower:2", "HTTP_PROXY=socks5://[::1]:1080/", "http_proxy=", "NO_PROXY=a", "all_proxy=x"}))
	if err != nil || s.AWS.Proxy != (Proxy{HTTPS: "lower:2", HTTP: "socks5://[::1]:1080/", No: "a", All: true}) {
		t.Errorf("%v: %s %s %s %v", err, s.AWS.Proxy.HTTPS, s.AWS.Proxy.HTTP, s.AWS.Proxy.No, s.AWS.Proxy.All)
	}
	s.AWS.Proxy.HTTPS = "http://me:hunter2@upper:1"
	if text := fmt.Sprintf("%v %+v %#v", s, s.AWS, s.AWS.Proxy); strings.Contains(text, "hunter2") {
		t.Errorf("printed with the password: %s", text)
	}
}

func TestProxyURL(t *testing.T) {
	for _, good := range []string{"proxy:3128", "http://proxy", "https://proxy:443/", "http://me:p%23a%2Fs%25@proxy.example:3128", "http://me:p@ss@10.0.0.1:8080", "socks5h://proxy:1080", "HTTP.example:80"} {
		if problem, _ := proxyURL(good); problem != "" {
			t.Errorf("%q %s", good, problem)
		}
	}
	for _, bad := range []string{"http://", "http://:3128", "proxy:", "http://me:p ss@proxy", "http://me:p\"ss@proxy", "http://proxy:31 28", "http://pro xy", "'proxy:3128'", "http://proxy:3128\n", "http://proxy?x=y",
		"http://me:p#ss@proxy:3128", "http://me:p/ss@proxy:3128", "http://me:p?ss@proxy:3128", "http://me:p%zz@proxy", "http://me:pass", "ftp://proxy", "http://proxy:0", "http://proxy:65536", "<proxy>"} {
		if problem, _ := proxyURL(bad); problem == "" {
			t.Errorf("%q is taken for a proxy", bad)
		}
	}
}
