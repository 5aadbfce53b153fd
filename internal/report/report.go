// Package report is how rolechain's programs speak to people: on stderr (stdout belongs to the job), and in the
// container's termination message when they stop it.
package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"

	"rolechain/internal/exit"
)

// Stderr writes to standard error past os.Stderr, with which a program dies of SIGPIPE when nobody reads any more: a job
// must start all the same.
type Stderr struct{}

// Write tries once. What cannot be written is lost, and only that.
func (Stderr) Write(b []byte) (int, error) { return syscall.Write(2, b) }

// HintKey is the attribute that the text format prints on a line of its own.
const HintKey = "hint"

// New returns a logger that writes to stderr. format is "json", or anything else for text:
//
//	rolechain: warning: AWS_PROFILE is set: the job's SDKs use that profile instead of [default] value="dev"
//	  hint: …
func New(stderr io.Writer, level slog.Level, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(&text{out: stderr, level: level, mu: new(sync.Mutex)})
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
	b.WriteString("rolechain: ")
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
	// One write a message, so that lines of several processes on one stderr do not mix.
	_, err := io.WriteString(h.out, b.String())
	return err
}

// Warning logs something that the program goes on with.
func Warning(log *slog.Logger, message, hint string) {
	if hint == "" {
		log.Warn(message)
	} else {
		log.Warn(message, HintKey, hint)
	}
}

// Failure logs each error that err joins, with its hint.
func Failure(log *slog.Logger, err error) {
	for _, e := range exit.All(err) {
		if errors.Is(e, exit.ErrTold) {
			continue
		}
		if hint := exit.HintOf(e); hint != "" {
			log.Error(e.Error(), HintKey, hint)
		} else {
			log.Error(e.Error())
		}
	}
}

// TerminationLog is where the kubelet looks for a container's last words (terminationMessagePath's default).
const TerminationLog = "/dev/termination-log"

// maxTermination is what a kubelet keeps of a termination message, in bytes
// (kubernetes.io, "Determine the Reason for Pod Failure").
const maxTermination = 4096

// Terminate leaves err as the container's termination message at path, when a file is there. It is the last thing that
// a failing start does and has nobody to report its own failure to, so it returns nothing.
func Terminate(path string, err error) {
	if errors.Is(err, exit.ErrTold) {
		return
	}
	// Without O_CREATE: outside Kubernetes there is no such file, and none should appear.
	// O_NONBLOCK: a FIFO without a reader must not hold up the end of the container.
	f, openErr := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NONBLOCK, 0)
	if openErr != nil {
		return
	}
	defer f.Close()
	var b strings.Builder
	for _, e := range exit.All(err) {
		b.WriteString("rolechain: " + e.Error() + "\n")
		if hint := exit.HintOf(e); hint != "" {
			b.WriteString("  hint: " + hint + "\n")
		}
	}
	message := b.String()
	if len(message) > maxTermination {
		message = strings.ToValidUTF8(message[:maxTermination-4], "") + "…\n"
	}
	io.WriteString(f, message)
}
