package refresh

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"rolechain/internal/chain"
)

// never is a sleep that mostSleep cuts short.
const never = time.Duration(math.MaxInt64)

// An outlet is a publisher, and how it stands with the newest session.
type outlet struct {
	publish  func(chain.Session) error
	done     bool      // it has taken the newest session
	failures int       // in a row, over sessions
	retry    time.Time // when to call it again after a failure
	err      error     // the last failure, so that the same one is logged once; nil after a success
}

// renew makes the outlet take the next session at once: what stood in its way may be gone.
func (o *outlet) renew() { o.done, o.retry = false, time.Time{} }

// publish hands the session to every outlet that is not waiting after a failure, also to those that have taken it: what
// they made of it may be gone by now. It returns in how long it has to be called again.
func (k *Keeper) publish() time.Duration {
	k.mu.Lock()
	s, held := k.session, !k.state.Issued.IsZero()
	k.mu.Unlock()
	if !held {
		return never
	}
	soonest := never
	var behind []error
	for _, o := range k.outlets {
		now := k.now()
		if wait := o.retry.Sub(now); wait <= 0 || wait > mostWait { // beyond mostWait: the clock went back
			o.take(k, s, now)
		}
		if !o.done {
			soonest = min(soonest, max(least, o.retry.Sub(now)))
			behind = append(behind, o.err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	wasBehind := k.behind != nil
	if k.behind = errors.Join(behind...); wasBehind && k.behind == nil {
		k.wake()
	}
	return soonest
}

// take calls the publisher. It is called without k.mu, so that a slow disk keeps no reader waiting.
func (o *outlet) take(k *Keeper, s chain.Session, now time.Time) {
	err := o.publish(s)
	if err == nil {
		if o.failures > 0 {
			k.log.Info("session published after all", logged(s, slog.Int("failures", o.failures))...)
		}
		o.done, o.failures, o.err, o.retry = true, 0, nil, time.Time{}
		return
	}
	o.done = false
	// The same bounds as for tries, without jitter: nothing is shared that could be called in lockstep.
	o.retry = now.Add(min(mostWait, firstWait<<min(o.failures, 20)))
	o.failures++
	level := slog.LevelDebug
	if o.err == nil || err.Error() != o.err.Error() {
		level = slog.LevelWarn
	}
	o.err = err
	k.log.Log(context.Background(), level, "publishing the session failed, trying again: "+err.Error(), logged(s)...)
}

// unpublished is what Ready waits with until publish has been called.
func unpublished(outlets []*outlet) error {
	if len(outlets) == 0 {
		return nil
	}
	return errors.New("not tried yet")
}

// logged is what a log may have of a session.
func logged(s chain.Session, more ...any) []any {
	return append([]any{
		slog.String("role", s.Role), slog.String("key", s.KeySuffix()), slog.String("expires", clock(s.Expires)),
	}, more...)
}

// left is a duration as people read it: slog's own in JSON is a count of nanoseconds.
func left(d time.Duration) slog.Attr { return slog.String("left", d.Round(time.Second).String()) }
