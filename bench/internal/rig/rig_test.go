package rig

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A start that fails, or that does something else than run the target, is no figure; the target's stamp is one.
func TestSpawn(t *testing.T) {
	s, err := NewSpawner(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for text, argv := range map[string][]string{
		"exit status 3: why":     {"/bin/sh", "-c", "echo why >&2; exit 3"},
		"signal: killed":         {"/bin/sh", "-c", "kill -9 $$"},
		"stdout has 6 bytes":     {"/bin/sh", "-c", "echo hello"},
		"/nowhere: no such file": {"/nowhere"},
	} {
		if _, err := s.Spawn(argv, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q gives %v, not %q", argv, err, text)
		}
	}
	now := func() int64 {
		var ts unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		return ts.Nano()
	}
	before := now()
	took, err := s.Spawn([]string{"/bin/sh", "-c", `exec "$0"`, s.Target}, nil)
	if limit := now() - before; err != nil || took.Nanoseconds <= 0 || took.Nanoseconds > limit || took.Usage.Minflt == 0 {
		t.Errorf("took %+v of %d ns, %v", took, limit, err)
	}
}

// Every round is its own comparison: a slow round slows down both.
func TestFigures(t *testing.T) {
	values := []float64{40, 10, 30, 20}
	for q, want := range map[float64]float64{0: 10, 0.5: 25, 1: 40, 0.25: 17.5, 0.1: 13} {
		if got := Quantile(values, q); got != want {
			t.Errorf("Quantile(%v, %v) = %v, want %v", values, q, got, want)
		}
	}
	if got := Ratio([]float64{200, 2000, 500, 20}, []float64{100, 1000, 250, 10}); got != "2.00 (2.00-2.00)" || values[0] != 40 {
		t.Errorf("Ratio = %s, and the values are %v now", got, values)
	}
	if got := Difference([]float64{105, 1005, 15}, Sum([]float64{50, 500, 5}, []float64{50, 500, 5})); got != "5.0 (5.0-5.0)" {
		t.Errorf("Difference = %s", got)
	}
}

func TestRounds(t *testing.T) {
	var order []string
	add := func(name string) func(bool) error {
		return func(counts bool) error {
			if counts {
				order = append(order, name)
			}
			return nil
		}
	}
	if err := Rounds(t.Context(), 2, 20, []func(bool) error{add("a"), add("b")}); err != nil || len(order) != 40 {
		t.Fatalf("%v, %v", order, err)
	}
	if slices.Sort(order); order[19] != "a" || order[20] != "b" {
		t.Errorf("not each once a round: %v", order)
	}
	if err := Rounds(t.Context(), 2, 0, nil); err == nil {
		t.Error("no round at all gives figures")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Rounds(ctx, 0, 1, []func(bool) error{func(bool) error { return io.EOF }}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
}
