package refresh

import (
	"context"
	"log/slog"
	"time"
)

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

// remark makes those that are due, the last of them if there are several, and returns in how long the next one is.
func (k *Keeper) remark() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state.Issued.IsZero() {
		return never
	}
	rest := k.state.Expires.Sub(k.now())
	life := min(longest, k.state.Expires.Sub(k.state.Issued))
	due := k.told
	next := never
	for ; due < len(remarks); due++ {
		if at := life * remarks[due].twelfths / 12; rest > at {
			next = rest - at
			break
		}
	}
	if due > k.told {
		k.told = due
		attrs := logged(k.session, left(rest), slog.Int("failures", k.state.Failures))
		if k.lastErr != nil {
			attrs = append(attrs, slog.String("error", k.lastErr.Error()))
		}
		r := remarks[due-1]
		k.log.Log(context.Background(), r.level, r.text, attrs...)
	}
	return next
}
