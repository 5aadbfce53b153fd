package endpoint

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/handover"
)

func TestAsk(t *testing.T) {
	one, two := session(1), session(2)
	r := run(t, fixed(one), fixed(two), defaults)
	d := handover.Discovery{URL: "http://" + r.address, Token: r.token,
		Paths: map[string]string{"default": handover.CredentialsPath, "base": handover.BasePath}, Roles: map[string]string{"default": clientRole, "base": ""}}
	for profile, want := range map[string]chain.Session{"default": one, "base": two} {
		if got, end, err := AskSession(t.Context(), d, profile); err != nil || got != want || !end.Equal(want.Expires.Add(-announced)) {
			t.Errorf("%s: %v, %v", profile, got, err)
		}
	}
	var status map[string]int
	if err := AskStatus(t.Context(), d, &status); err != nil || status["failures"] != 3 {
		t.Errorf("%v %v", status, err)
	}
	d.Token = "x"
	var answer *AnswerError
	if _, _, err := AskSession(t.Context(), d, "default"); !errors.As(err, &answer) || answer.Code != "Unauthorized" || answer.Status != 401 ||
		answer.Message == "401 Unauthorized" { // the refresher's own words, not HTTP's
		t.Errorf("got %v", err)
	}
	r.stop()
	if _, _, err := AskSession(t.Context(), d, "default"); err == nil || errors.As(err, &answer) {
		t.Errorf("got %v", err)
	}
}

// A proxy of the pod's does not get the token. net/http reads the variables once in a process and uses no proxy for
// loopback, so this is a process of its own, with a refresher that is elsewhere.
func TestAskGoesAroundProxies(t *testing.T) {
	if os.Getenv("ENDPOINT_TEST_ASKS") != "" {
		_, _, err := AskSession(t.Context(), handover.Discovery{URL: "http://refresher.invalid", Token: "x"}, "default")
		t.Log(err)
		return
	}
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer proxy.Close()
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAskGoesAroundProxies$", "-test.v")
	again.Env = append(os.Environ(), "ENDPOINT_TEST_ASKS=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "asking the refresher: ") || asked.Load() != 0 {
		t.Errorf("%v, the proxy was asked %d times\n%s", err, asked.Load(), out)
	}
}

// What answers in the refresher's place gets no further than an error, which has nothing of the answer's in it.
func TestAskDistrusts(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"AccessKeyId":"A","SecretAccessKey":"secret","Token":"t","Expiration":"soon"}`, `{"AccessKeyId":"A","SecretAccessKey":"secret","Expiration":"2026-01-02T03:04:05Z"}`, strings.Repeat("secret", maxAnswer)} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		s, _, err := AskSession(t.Context(), handover.Discovery{URL: server.URL}, "default")
		if err == nil || s != (chain.Session{}) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: %v %v", body, s, err)
		}
		server.Close()
	}
}

// Who listens in the refresher's place and hangs, or never ends, holds nobody up for longer than the context.
func TestAskEnds(t *testing.T) {
	for name, answer := range map[string]string{"nothing": "", "half a header": "HTTP/1.1 200 OK\r\nX-", "half a body": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
		"an endless header": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: secret\r\n", maxAnswer)} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Read(make([]byte, 1024))
			_, _ = c.Write([]byte(answer))
			if name != "an endless header" {
				cancel()
				_, _ = c.Read(make([]byte, 1024)) // until the client closes
			}
		}()
		s, _, err := AskSession(ctx, handover.Discovery{URL: "http://" + l.Addr().String()}, "default")
		if err == nil || s != (chain.Session{}) || strings.Contains(err.Error(), "secret") || name != "an endless header" && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v %v", name, s, err)
		}
		cancel()
		l.Close()
	}
}
