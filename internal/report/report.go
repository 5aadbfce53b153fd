// Package report is how rolechain's programs speak to people: on stderr (stdout belongs to the job), in the file that
// EMR ships to CloudWatch and S3, and in the container's termination message when they stop it.
package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rolechain/internal/exit"
)

// HintKey is the attribute that the text format prints on a line of its own.
const HintKey = "hint"

// maxValue bounds a string in the JSON format, in bytes, so that a line stays in one write. The text format is cut by the
// writer.
const maxValue = 1500

// New returns a logger that writes to out. format is "json", or anything else for text:
//
//	2026-01-02T03:04:05Z rolechain: warning: AWS_PROFILE is set: the job's SDKs use that profile instead of [default] value="dev"
//	  hint: …
func New(out io.Writer, level slog.Level, format string) *slog.Logger {
	json := format == "json"
	if f, ok := out.(interface{ useJSON(bool) }); ok {
		f.useJSON(json)
	}
	if json {
		return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: bounded}))
	}
	return slog.New(&text{out: out, level: level, mu: new(sync.Mutex)})
}

func bounded(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(cut(a.Value.String(), maxValue))
	}
	return a
}

// cut shortens s to at most limit bytes of valid UTF-8.
func cut(s string, limit int) string {
	const mark = "…"
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len(mark)], "") + mark
}

// text is a slog.Handler for people. Groups are not used in this project and are flattened.
type text struct {
	out   io.Writer
	level slog.Level
	mu    *sync.Mutex
	attrs []slog.Attr
}

func (h *text) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }
func (h *text) WithGroup(string) slog.Handler                    { return h }

func (h *text) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(append([]slog.Attr(nil), h.attrs...), attrs...)
	return &with
}

func (h *text) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(prefix(r.Time))
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString("error: ")
	case r.Level >= slog.LevelWarn:
		b.WriteString("warning: ")
	case r.Level < slog.LevelInfo:
		b.WriteString("debug: ")
	}
	b.WriteString(r.Message)
	hint := ""
	add := func(a slog.Attr) bool {
		if a.Key == HintKey {
			hint = a.Value.String()
		} else {
			fmt.Fprintf(&b, " %s=%q", a.Key, a.Value.String())
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	if hint != "" {
		b.WriteString("\n  hint: " + hint)
	}
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	// One write per message, so that lines of several processes on one stderr do not mix.
	_, err := io.WriteString(h.out, b.String())
	return err
}

// prefix begins each message of the text format. UTC, as in AWS's logs; the local zone would have to be read from a file.
func prefix(t time.Time) string { return t.UTC().Format(time.RFC3339) + " rolechain: " }

// Warning logs something that the program goes on with.
func Warning(log *slog.Logger, message, hint string) {
	if hint == "" {
		log.Warn(message)
	} else {
		log.Warn(message, HintKey, hint)
	}
}

// Failure logs each error that err joins, with its hint. It logs nothing for nil.
func Failure(log *slog.Logger, err error) {
	for _, e := range failures(err) {
		if hint := exit.HintOf(e); hint != "" {
			log.Error(e.Error(), HintKey, hint)
		} else {
			log.Error(e.Error())
		}
	}
}

// failures lists the errors that nobody has reported yet.
func failures(err error) (list []error) {
	for _, e := range exit.All(err) {
		if !errors.Is(e, exit.ErrTold) {
			list = append(list, e)
		}
	}
	return list
}
