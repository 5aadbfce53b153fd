package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
)

func TestText(t *testing.T) {
	var out bytes.Buffer
	began := time.Now().Truncate(time.Second)
	log := New(&out, slog.LevelInfo, "text").With("hop", 2)
	log.Debug("unseen")
	log.Info("written", "file", "a b\n")
	Warning(log, "careful", "look left")
	Warning(log, "careful", "")
	Failure(log, errors.Join(exit.Because(exit.Denied, errors.New("no"), "ask"), exit.Because(exit.NoFiles, errors.New("also"), ""), exit.ErrTold))
	Failure(log, nil)
	want := `rolechain: written hop="2" file="a b\n"
rolechain: warning: careful hop="2"
  hint: look left
rolechain: warning: careful hop="2"
rolechain: error: no hop="2"
  hint: ask
rolechain: error: also hop="2"
`
	var said strings.Builder
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "  hint: ") {
			stamp, rest, _ := strings.Cut(line, " ")
			if at, err := time.Parse(time.RFC3339, stamp); err != nil || at.Before(began) || at.After(time.Now()) || at.Location() != time.UTC {
				t.Errorf("%q has no time of its own in UTC: %v", line, err)
			}
			line = rest
		}
		said.WriteString(line)
	}
	if said.String() != want {
		t.Errorf("got:\n%s", &said)
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
	var line struct{ Time, Level, Msg, Hint string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Level != "ERROR" || line.Msg != "line 1\nline 2" || line.Hint != "ask" || line.Time == "" {
		t.Errorf("%v %s", err, out.String())
	}
	out.Reset()
	Warning(log, strings.Repeat("ü", 3000), strings.Repeat("long", 3000))
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || out.Len() > maxPiece || !strings.HasSuffix(line.Msg, "ü…") {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}
