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

// Wait returns the session that is held, with its true expiry, until it ends, and at once, even if ctx has ended. When
// there is none, or when it has ended, it waits for one; when ctx ends first, the error says so, and wraps the reason of
// the last try. The first call starts the tries of a Keeper that is on demand.
func (k *Keeper) Wait(ctx context.Context) (chain.Session, error) {
	k.want()
	for {
		k.mu.Lock()
		s, err := k.current()
		changed := k.changed
		k.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			return s, err
		}
		select {
		case <-changed:
		case <-ctx.Done(): // once more, for the reason as it is now
		}
	}
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
