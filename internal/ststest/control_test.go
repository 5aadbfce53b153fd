package ststest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

func TestControl(t *testing.T) {
	server, err := ststest.New(ststest.Options{Config: roles()})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.ListenWithControl("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	base := server.URL + ststest.ControlPrefix
	post := func(path, body string, want int) string {
		t.Helper()
		status, _, text := call(t, "POST", base+path, "application/json", body)
		if status != want {
			t.Errorf("POST %s %s: %d %s, want %d", path, body, status, text, want)
		}
		return text
	}

	token := post("token", `{"subject": "`+subject+`", "lifetime_seconds": 600}`, 200)
	if _, err := withToken(t, server, jobRole, token); err != nil {
		t.Errorf("a token from the control: %v", err)
	}
	_, err = withToken(t, server, jobRole, post("token", `{"subject": "`+subject+`", "audience": "other"}`, 200))
	refused(t, err, 400, "InvalidIdentityToken", "Incorrect token audience")

	post("faults", `{"kind": "throttle", "action": "AssumeRoleWithWebIdentity", "times": 2}`, 204)
	post("faults", `{"kind": "nonsense"}`, 400)
	post("faults", `{"kind": "throttle", "tims": 2}`, 400)
	_, err = withToken(t, server, jobRole, token)
	refused(t, err, 400, "Throttling", "Rate exceeded")
	if got := string(get(t, base+"faults")); !strings.Contains(got, `"times":1`) {
		t.Errorf("faults: %s", got)
	}
	if status, _, _ := call(t, "DELETE", base+"faults", "", ""); status != 204 {
		t.Errorf("DELETE faults: %d", status)
	}
	if _, err := withToken(t, server, jobRole, token); err != nil {
		t.Errorf("after the faults were cleared: %v", err)
	}

	var journal []ststest.Entry
	if err := json.Unmarshal(get(t, base+"journal"), &journal); err != nil || len(journal) != 4 {
		t.Fatalf("journal of %d: %v", len(journal), err)
	}
	lines := strings.Split(strings.TrimSpace(string(get(t, base+"journal.jsonl"))), "\n")
	if len(lines) != 4 || !strings.Contains(lines[2], `"outcome":"Throttling"`) {
		t.Errorf("lines: %q", lines)
	}
	session := string(get(t, base+"sessions/"+journal[0].IssuedKeyID))
	if !strings.Contains(session, `"role_arn":"`+jobRole+`"`) {
		t.Errorf("session: %s", session)
	}
	for _, secret := range server.Secrets() {
		if strings.Contains(session+strings.Join(lines, ""), secret) {
			t.Error("a secret came out of the control")
		}
	}
	if status, _, _ := call(t, "GET", base+"sessions/ASIANOBODY", "", ""); status != 404 {
		t.Errorf("unknown key: %d", status)
	}

	post("outage", `{"seconds": 0}`, 400)
	post("outage", `{"seconds": 2}`, 204)
	if err := ask(t.Context(), server, &http.Transport{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("in the outage: %v", err)
	}
	for began := time.Now(); ; {
		err := ask(t.Context(), server, &http.Transport{DisableKeepAlives: true})
		if err == nil {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("still out: %v", err)
		}
	}
}
