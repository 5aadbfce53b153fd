package refresh

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/report"
)

// reasons are the failures since the last success that were logged, each with when it was.
type reasons struct {
	last string
	at   map[string]time.Time
}

// repeatAfter is how long a reason is not logged again when it takes turns with another one.
const repeatAfter = 10 * time.Minute

// worth reports whether a failure is worth a line: the 1st, 2nd, 4th, 8th… in a row, so that a day of them is a few
// lines, and one for another reason than the last line gave, so that nobody waits hours for what is wrong now.
func (r *reasons) worth(reason string, failures int, now time.Time) bool {
	at, seen := r.at[reason]
	again := !seen || now.Sub(at) >= repeatAfter || now.Before(at)
	if failures&(failures-1) != 0 && (reason == r.last || !again) {
		return false
	}
	if r.at == nil || len(r.at) >= 32 { // nobody fails for so many reasons
		r.at = map[string]time.Time{}
	}
	r.last, r.at[reason] = reason, now
	return true
}

// reasonOf is err without what differs from one try to the next: ports, request ids and times have digits in them.
func reasonOf(err error) string {
	words := strings.Fields(err.Error())
	for i, word := range words {
		if strings.ContainsAny(word, "0123456789") {
			words[i] = ""
		}
	}
	return strings.Join(words, " ")
}

// logFailure says why there is no new session, and when it is tried again. k.mu is held.
func (k *Keeper) logFailure(err error, now time.Time) {
	level := slog.LevelDebug
	if k.reasons.worth(reasonOf(err), k.state.Failures, now) {
		level = slog.LevelWarn
	}
	message := "no session yet, trying again: "
	attrs := []any{slog.Int("failures", k.state.Failures)}
	if !k.state.Issued.IsZero() {
		message = "no new session, trying again: "
		attrs = append(attrs, left(k.state.Expires.Sub(now)))
	}
	attrs = append(attrs, slog.String("next", clock(k.next)))
	var e *chain.Error
	if errors.As(err, &e) && e.Hint != "" && level == slog.LevelWarn {
		attrs = append(attrs, slog.String(report.HintKey, e.Hint))
	}
	k.log.Log(context.Background(), level, message+err.Error(), attrs...)
}

// remarks are what is said, once each, when a session nears its end with no new one in sight. They come at 15 and at 5
// minutes of an hour's session, where SDKs begin to ask again, and at the same parts of a shorter one.
var remarks = []struct {
	twelfths time.Duration // of the session's life that are left
	level    slog.Level
	text     string
}{
	{3, slog.LevelWarn, "the session ends soon and there is no new one"},
	{1, slog.LevelError, "the session is about to end and there is no new one"},
	{0, slog.LevelError, "the session has ended and there is no new one: whatever needs it fails from now on"},
}

// remark makes the last of those that are due, and returns in how long the next one is.
func (k *Keeper) remark() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := time.Duration(math.MaxInt64)
	if k.state.Issued.IsZero() {
		return next
	}
	rest := k.state.Expires.Sub(k.now())
	due := k.remarked
	for ; due < len(remarks); due++ {
		if at := k.state.life() * remarks[due].twelfths / 12; rest > at {
			next = rest - at
			break
		}
	}
	if due > k.remarked {
		k.remarked = due
		attrs := logged(k.session, left(rest), slog.Int("failures", k.state.Failures))
		if k.lastErr != nil {
			attrs = append(attrs, slog.String("error", k.lastErr.Error()))
		}
		r := remarks[due-1]
		k.log.Log(context.Background(), r.level, r.text, attrs...)
	}
	return next
}

// logged is what a log may have of a session.
func logged(s chain.Session, more ...any) []any {
	return append([]any{
		slog.String("role", name(s.Role)), slog.String("key", s.KeySuffix()), slog.String("expires", clock(s.Expires)),
	}, more...)
}
