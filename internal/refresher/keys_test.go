package refresher

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
)

// STS is not believed blindly: what it says becomes a line of a file.
func TestKeysAreChecked(t *testing.T) {
	for value, want := range map[string]bool{"ASIAX": true, "a/b+c==": true, "": false, "a b": false, "a\nb": false, "a#b": false, "[a]": false, "ü": false, "a;b": false, "\x7f": false} {
		if got := oneWord(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
	err := (&keysFile{path: t.TempDir() + "/credentials"}).publish(chain.Session{AccessKeyID: "A", SecretAccessKey: "B\n[x]", SessionToken: "C"})
	if err == nil {
		t.Error("a line break got into a file")
	}
}

// A file that no SDK can read is left to whoever may be writing it, for 15 s from its last change. Then it is moved aside, with
// everything in it, and the keys are there again.
func TestBrokenFileIsMovedAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	const first, second = "[default\naws_acc", "[default\naws_access_key"
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &keysFile{path: path, log: slog.New(slog.NewTextHandler(&log, nil))}
		s := chain.Session{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C"}
		publish := func(want bool) {
			t.Helper()
			if err := f.publish(s); (err == nil) != want {
				t.Errorf("published: %v", err)
			}
		}
		publish(true)
		good, _ := os.ReadFile(path)
		write(first)
		publish(false)
		time.Sleep(brokenFor - time.Second)
		write(second)
		publish(false)
		time.Sleep(brokenFor - time.Second)
		publish(false)
		if now, _ := os.ReadFile(path); string(now) != second || log.Len() > 0 {
			t.Errorf("too early: %q, %s", now, &log)
		}
		time.Sleep(time.Second)
		publish(true)
		aside, _ := filepath.Glob(path + ".unreadable-*")
		if len(aside) != 1 {
			t.Fatalf("aside: %v", aside)
		}
		now, _ := os.ReadFile(path)
		if kept, _ := os.ReadFile(aside[0]); string(kept) != second || !bytes.Equal(now, good) || !strings.Contains(log.String(), aside[0]) {
			t.Errorf("the file has %q, aside is %q, said: %s", now, kept, &log)
		}
	})
}
