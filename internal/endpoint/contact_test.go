package endpoint

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/settings"
)

func TestContact(t *testing.T) {
	one, two := session(1), session(2)
	r := run(t, fixed(one), fixed(two), defaults)
	c := Contact{URL: "http://" + r.address, Token: r.token,
		Paths: map[string]string{"default": CredentialsPath, "base": BasePath}, Roles: map[string]string{"default": clientRole, "base": ""},
		Chain: chain.Spec{FirstHop: settings.WebIdentity, BaseRole: baseRole, ClientRole: clientRole, Tags: map[string]string{"a": "b"}}}
	path := filepath.Join(t.TempDir(), "new", "endpoint.json")
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	read, err := ReadContact(path)
	if err != nil || !reflect.DeepEqual(read, c) {
		t.Fatalf("%v\ngot  %+v\nwant %+v", err, read, c)
	}
	// A proxy of the pod's has no part in it.
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	for profile, want := range map[string]chain.Session{"default": one, "base": two} {
		if got, err := read.Session(t.Context(), profile); err != nil || got != want {
			t.Errorf("%s: %v, %v", profile, got, err)
		}
	}
	var status map[string]int
	if err := read.Status(t.Context(), &status); err != nil || status["failures"] != 3 {
		t.Errorf("%v %v", status, err)
	}
	read.Token = "x"
	var answer *AnswerError
	if _, err := read.Session(t.Context(), "default"); !errors.As(err, &answer) || answer.Code != "Unauthorized" || answer.Status != 401 {
		t.Errorf("got %v", err)
	}
	r.stop()
	if _, err := c.Session(t.Context(), "default"); err == nil || errors.As(err, &answer) {
		t.Errorf("got %v", err)
	}
}

func TestReadContactRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadContact(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(dir, "torn")
	if err := os.WriteFile(path, []byte(`{"url": "http://x", "token": "secret-token-of-th`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadContact(path); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// What answers in the refresher's place gets no further than an error, which has nothing of the answer's in it.
func TestContactDistrusts(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"AccessKeyId":"A","SecretAccessKey":"secret","Token":"t","Expiration":"soon"}`, `{"AccessKeyId":"A","SecretAccessKey":"secret","Expiration":"2026-01-02T03:04:05Z"}`, strings.Repeat("secret", maxAnswer)} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		s, err := Contact{URL: server.URL}.Session(context.Background(), "default")
		if err == nil || s != (chain.Session{}) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: %v %v", body, s, err)
		}
		server.Close()
	}
}
