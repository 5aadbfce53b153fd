package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/report"
)

const (
	// The wait after the first try is anything up to startBackoff, and up to twice as much after each further one, capped: full
	// jitter, so that the pods of a job that starts do not come back to STS together (AWS Architecture Blog, "Exponential
	// Backoff And Jitter").
	startBackoff    = 200 * time.Millisecond
	maxStartBackoff = 5 * time.Second

	// settling is for how long AccessDenied is not believed. IAM is eventually consistent and gives no number; a change
	// is mostly seen within seconds. More would make every real mistake slow to be told.
	settling = 5 * time.Second
)

// First calls get until it returns a session, refuses for good, or ctx ends: the policy of a start, where ctx has the one
// deadline of it all (ROLE_CHAIN_START_TIMEOUT). What may pass is tried again; of refusals only AccessDenied is, for 5 s
// at each hop. get's errors are *Error; another one ends it at once.
//
// The error has an exit code (exit.CodeOf). At the deadline it is the last real failure, and says for how long it was
// tried. A reason is logged as a warning when it is another than before, with when the next try is, and else at debug
// level. A line every 10 s says what it waits for, and for how much longer.
func First(ctx context.Context, log *slog.Logger, get func(context.Context) (Session, error)) (Session, error) {
	began := time.Now()
	var last *Error
	denied := map[int]time.Time{} // since when, by hop
	told := ""
	var waiting waiting
	defer waiting.log(ctx, log)()
	for tries := 1; ; tries++ {
		s, err := get(ctx)
		if err == nil {
			return s, nil
		}
		var e *Error
		if !errors.As(err, &e) {
			return Session{}, err
		}
		if last == nil || ctx.Err() == nil { // a try that the deadline cut off says less than the one before
			last = e
		}
		wait := StartWait(tries, rand.Float64())
		switch {
		case ctx.Err() != nil:
			return Session{}, gaveUp(ctx, last, tries, time.Since(began))
		case e.settles():
			since, seen := denied[e.Hop]
			if !seen {
				since = time.Now()
				denied[e.Hop] = since
			}
			left := settling - time.Since(since)
			if left <= 0 {
				return Session{}, AsExit(e)
			}
			wait = min(wait, left)
		case !transient(e):
			return Session{}, AsExit(e)
		}
		level := slog.LevelWarn
		if told == e.Error() {
			level = slog.LevelDebug
		}
		told = e.Error()
		waiting.reason(told)
		attrs := []slog.Attr{slog.Int("hop", e.Hop), slog.String("next", "in "+wait.Round(time.Millisecond).String())}
		if e.Hint != "" && level == slog.LevelWarn {
			attrs = append(attrs, slog.String(report.HintKey, e.Hint))
		}
		log.LogAttrs(ctx, level, "no session yet, trying again: "+e.Error(), attrs...)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return Session{}, gaveUp(ctx, last, tries, time.Since(began))
		}
	}
}

// StartWait returns how long a start waits after so many tries. random is in [0, 1).
func StartWait(tries int, random float64) time.Duration {
	return time.Duration(random * float64(min(maxStartBackoff, startBackoff<<min(tries-1, 10))))
}

// waitingLine is how often a start says what it waits for.
const waitingLine = 10 * time.Second

// A waiting is what a start waits for. Its zero value waits for a first answer.
type waiting struct {
	mu  sync.Mutex
	why string
}

func (w *waiting) reason(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.why = why
}

// log says it every 10 s until the function is called that it returns, or ctx ends. Nothing is logged once stop has returned.
func (w *waiting) log(ctx context.Context, log *slog.Logger) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		line := time.NewTicker(waitingLine)
		defer line.Stop()
		for {
			select {
			case <-line.C:
			case <-done:
				return
			case <-ctx.Done():
				return
			}
			w.mu.Lock()
			why := cmp.Or(w.why, "no answer yet")
			w.mu.Unlock()
			var attrs []slog.Attr
			if until, limited := ctx.Deadline(); limited {
				attrs = append(attrs, slog.String("left", time.Until(until).Round(time.Second).String()))
			}
			log.LogAttrs(ctx, slog.LevelInfo, "waiting for the first session: "+why, attrs...)
		}
	}()
	return func() { close(done); <-ended }
}

// gaveUp is the last real failure when time was up, or what stopped it when that was somebody. Its code is the
// failure's own: Unreached for what might have passed.
func gaveUp(ctx context.Context, last *Error, tries int, took time.Duration) error {
	times := "once"
	if tries > 1 {
		times = fmt.Sprintf("%d times", tries)
	}
	tried := fmt.Sprintf("tried %s in %s", times, took.Round(time.Second/10))
	if errors.Is(ctx.Err(), context.Canceled) {
		return exit.Because(exit.Unreached, fmt.Errorf("stopped while there was no session yet (%s): %w, after: %w", tried, context.Canceled, last), "")
	}
	return AsExit(fmt.Errorf("%w (%s)", last, tried))
}
