package refresh

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"rolechain/internal/chain"
)

// current returns the session that is held, with its true expiry, until it ends. The error says that there is none yet or
// when it ended, and wraps the reason why there is no newer one. k.mu is held.
func (k *Keeper) current() (chain.Session, error) {
	if !k.state.Issued.IsZero() && k.now().Before(k.session.Expires) {
		return k.session, nil
	}
	what := "there is no session for " + name(k.role) + " yet"
	if !k.state.Issued.IsZero() {
		what = "the session for " + name(k.role) + " ended at " + clock(k.session.Expires)
	}
	if k.lastErr == nil {
		return chain.Session{}, errNone(what)
	}
	return chain.Session{}, fmt.Errorf("%s: %w", what, k.lastErr)
}

// name is what messages call a role.
func name(role string) string {
	if role == "" {
		return "EKS Pod Identity"
	}
	return role
}

// errNone is the absence of a session for which no try is to blame yet.
type errNone string

func (e errNone) Error() string { return string(e) }

// successorWait is how long requests wait for the successor of a session that still works. SDKs give an endpoint a second or
// two, and no request may fail while there is a session.
const successorWait = 500 * time.Millisecond

// Wait returns the session that is held, with its true expiry, until it ends, and at once, even if ctx has ended. When
// there is none, or when it has ended, it waits for one; when ctx ends first, the error says so, and wraps the reason of
// the last try. The first call starts the tries of a Keeper that is on demand.
//
// There is one exception. A session may be overdue when somebody asks: one that the start has left to a Keeper on demand,
// or one that the machine has slept through. It may have seconds left, so its successor gets half a second to come.
func (k *Keeper) Wait(ctx context.Context) (chain.Session, error) {
	for {
		k.mu.Lock()
		s, err := k.current()
		var enough <-chan time.Time
		if err == nil {
			if left := k.successorLeft(); left > 0 {
				enough = time.After(left)
			}
		}
		if k.trying.IsZero() || err != nil || enough != nil {
			k.want()
		}
		changed := k.changed
		k.mu.Unlock()
		if err == nil && enough == nil || ctx.Err() != nil {
			return s, err
		}
		select {
		case <-changed:
		case <-enough:
		case <-ctx.Done(): // once more, for the reason as it is now
		}
	}
}

// successorLeft returns for how long requests still wait for the successor of the session that is held: half a second from the
// first of them on, once the session is older than any that is refreshed in time, and not when a try for the successor has
// failed. k.mu is held.
func (k *Keeper) successorLeft() time.Duration {
	now := k.now()
	if k.state.Failures > 0 || now.Before(earlier(k.state.Issued, now).Add(refreshAge(k.state.life()))) {
		return 0
	}
	if k.awaited.IsZero() {
		k.awaited = time.Now()
	}
	return max(0, successorWait-time.Since(k.awaited))
}

// waitingLine is how often Ready says what it waits for.
const waitingLine = 10 * time.Second

// Ready waits until there is a session and every publisher has it: before that, a job must not be started that reads
// what they write. It logs every 10 s what it waits for. When ctx ends first, the error is Wait's, or says which
// publishers do not have the session.
func (k *Keeper) Ready(ctx context.Context) error {
	line := time.NewTicker(waitingLine)
	defer line.Stop()
	for {
		k.mu.Lock()
		_, err := k.current()
		if err == nil {
			if err = k.unpublished(); err != nil {
				err = fmt.Errorf("publishing the session: %w", err)
			}
		}
		changed := k.changed
		k.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-changed:
		case <-line.C:
			attrs := []any{}
			if until, limited := ctx.Deadline(); limited {
				attrs = append(attrs, left(time.Until(until)))
			}
			k.log.Info("waiting: "+oneLine(err), attrs...)
		case <-ctx.Done(): // once more, for the reason as it is now
		}
	}
}

// oneLine is an error that may be several joined ones.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// wake tells those who wait that there is something to look at. k.mu is held.
func (k *Keeper) wake() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// left is a duration as people read it: slog's own in JSON is a count of nanoseconds.
func left(d time.Duration) slog.Attr { return slog.String("left", d.Round(time.Second).String()) }
