package endpoint

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/handover"
)

func TestAsk(t *testing.T) {
	one, two := session(1), session(2)
	r := run(t, fixed(one), fixed(two), defaults)
	d := handover.Discovery{URL: "http://" + r.address, Token: r.token,
		Paths: map[string]string{"default": handover.CredentialsPath, "base": handover.BasePath}, Roles: map[string]string{"default": clientRole, "base": ""}}
	// A proxy of the pod's has no part in it.
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	for profile, want := range map[string]chain.Session{"default": one, "base": two} {
		if got, err := AskSession(t.Context(), d, profile); err != nil || got != want {
			t.Errorf("%s: %v, %v", profile, got, err)
		}
	}
	var status map[string]int
	if err := AskStatus(t.Context(), d, &status); err != nil || status["failures"] != 3 {
		t.Errorf("%v %v", status, err)
	}
	d.Token = "x"
	var answer *AnswerError
	if _, err := AskSession(t.Context(), d, "default"); !errors.As(err, &answer) || answer.Code != "Unauthorized" || answer.Status != 401 {
		t.Errorf("got %v", err)
	}
	r.stop()
	if _, err := AskSession(t.Context(), d, "default"); err == nil || errors.As(err, &answer) {
		t.Errorf("got %v", err)
	}
}

// What answers in the refresher's place gets no further than an error, which has nothing of the answer's in it.
func TestAskDistrusts(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"AccessKeyId":"A","SecretAccessKey":"secret","Token":"t","Expiration":"soon"}`, `{"AccessKeyId":"A","SecretAccessKey":"secret","Expiration":"2026-01-02T03:04:05Z"}`, strings.Repeat("secret", maxAnswer)} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		s, err := AskSession(t.Context(), handover.Discovery{URL: server.URL}, "default")
		if err == nil || s != (chain.Session{}) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: %v %v", body, s, err)
		}
		server.Close()
	}
}
