package main

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"rolechain/internal/podtest"
	"rolechain/internal/ststest"
)

// A probe of the tests: a shell that answers each question with its argument.
func testPod(t *testing.T, answer string) *pod {
	t.Helper()
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: clientARN, LifetimeSeconds: 3600}, {ARN: baseARN, LifetimeSeconds: 3600},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	j, err := startJob("/bin/sh", []string{"-c", `while read -r _; do printf '%s\n' "$0"; done`, answer}, nil, t.TempDir(), time.Minute, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.end(); err != nil {
			t.Error(err)
		}
	})
	return &pod{clock: clock{time.Now(), 1}, sts: sts, catcher: &catcher{expired: func(string) bool { return false }}, job: j, out: json.NewEncoder(io.Discard)}
}

func TestVerdicts(t *testing.T) {
	p := testPod(t, "")
	key := func(arn string) string { return p.sts.PodIdentity(arn, "s-0", nil).AccessKeyID }
	client, base, later := key(clientARN), key(baseARN), p.clock.now().Add(7*time.Hour)
	for _, c := range []struct {
		key   string
		asked time.Time
		want  Verdict
	}{
		{client, p.clock.now(), Client}, {base, p.clock.now(), Base}, {client, later, Stale}, {base, later, Stale},
		{podtest.NodeKey, later, Node}, {imageKey, later, Image}, {"ASIANOBODY", later, Failure},
	} {
		if got, detail := p.whose(c.key, c.asked); got != c.want {
			t.Errorf("%s at %v: %s (%s), want %s", c.key, c.asked, got, detail, c.want)
		}
	}
}

// What a probe says is not enough when S3 saw something else, or nothing.
func TestAnswers(t *testing.T) {
	for answer, want := range map[string]Verdict{
		`{"key":"` + podtest.NodeKey + `"}`: Node,
		`{"key":"*","error":"the words"}`:   Failure,
		`{"error":"the words"}`:             Failure,
	} {
		if got, detail := testPod(t, answer).look(context.Background()); got != want {
			t.Errorf("%s: %s (%s), want %s", answer, got, detail, want)
		}
	}
}

// A probe counts its patience by its own clock: with one that is thirty times as fast, a minute was two seconds of the machine's.
func TestPatienceByTheJobsClock(t *testing.T) {
	j, err := startJob("/bin/sh", []string{"-c", `read -r _; printf '{"key":"%s"}\n' "$PROBE_PATIENCE"`}, nil, t.TempDir(), time.Minute, 30)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.end() }()
	if a, err := j.ask(t.Context()); err != nil || a.Key != "1800" {
		t.Errorf("%+v, %v", a, err)
	}
}
