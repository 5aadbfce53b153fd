package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/exit"
)

func TestText(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, slog.LevelInfo, "text").With("hop", 2)
	log.Debug("unseen")
	log.Info("written", "file", "a b\n")
	Warning(log, "careful", "look left")
	Warning(log, "careful", "")
	Failure(log, errors.Join(exit.Because(exit.Denied, errors.New("no"), "ask"), exit.Because(exit.NoFiles, errors.New("also"), "")))
	want := `rolechain: written hop="2" file="a b\n"
rolechain: warning: careful hop="2"
  hint: look left
rolechain: warning: careful hop="2"
rolechain: error: no hop="2"
  hint: ask
rolechain: error: also hop="2"
`
	if out.String() != want {
		t.Errorf("got:\n%s", out.String())
	}
}

// A program that succeeds has nothing to report.
func TestNoFailure(t *testing.T) {
	var out bytes.Buffer
	Failure(New(&out, slog.LevelInfo, "text"), nil)
	if out.Len() > 0 {
		t.Errorf("got %s", out.String())
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, slog.LevelWarn, "json")
	log.Info("unseen")
	Failure(log, exit.Because(exit.Denied, errors.New("line 1\nline 2"), "ask"))
	var line struct{ Level, Msg, Hint string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Level != "ERROR" || line.Msg != "line 1\nline 2" || line.Hint != "ask" {
		t.Errorf("%v %s", err, out.String())
	}
}

func TestTerminate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "termination-log")
	err := exit.Because(exit.Denied, errors.New("no"), "ask")
	Terminate(path, err)
	if _, statErr := os.Stat(path); statErr == nil {
		t.Fatal("it made a file that was not there")
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{err, "rolechain: no\n  hint: ask\n"},
		{errors.Join(err, exit.Because(exit.NoFiles, errors.New("more"), "")), "rolechain: no\n  hint: ask\nrolechain: more\n"},
	} {
		if err := os.WriteFile(path, []byte(strings.Repeat("old", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		Terminate(path, test.err)
		if got, _ := os.ReadFile(path); string(got) != test.want {
			t.Errorf("got %q", got)
		}
	}
	Terminate(path, errors.New(strings.Repeat("ü", 5000)))
	if got, _ := os.ReadFile(path); len(got) > 4096 || len(got) < 4000 || !strings.HasSuffix(string(got), "…\n") {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-10:])
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	Terminate(fifo, err) // must return, though nobody reads
}
