package durable_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rolechain/internal/durable"
	"rolechain/internal/hungtest"
)

// Reads of a file system that hangs are given up, and all wait for one thread.
func TestReadContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	release := hungtest.InTest(t, nil, filepath.Dir(path))
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if data, ok, err := durable.ReadContext(ctx, path); !errors.Is(err, durable.ErrHung) || data != nil || ok {
			t.Errorf("%q, %v, %v", data, ok, err)
		}
		cancel()
	}
	for until := time.Now().Add(15 * time.Second); durable.Underway() != path && time.Now().Before(until); time.Sleep(time.Millisecond) {
	} // the thread may not have begun yet
	if at := durable.Underway(); at != path {
		t.Errorf("%q is under way", at)
	}
	release()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if data, ok, err := durable.ReadContext(over, path); string(data) != "one" || !ok || err != nil {
		t.Errorf("%q, %v, %v: the file system is blamed for a time that was up before", data, ok, err)
	}
	if data, ok, err := durable.ReadContext(t.Context(), path); string(data) != "one" || !ok || err != nil {
		t.Errorf("%q, %v, %v", data, ok, err)
	}
	if err := os.WriteFile(path, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, _, err := durable.ReadContext(t.Context(), path); string(data) != "two" {
		t.Errorf("%q, %v: not read anew", data, err)
	}
	if at := durable.Underway(); at != "" {
		t.Errorf("%q is under way", at)
	}
}
