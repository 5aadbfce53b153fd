package refresh

import (
	"context"
	"fmt"
	"time"

	"rolechain/internal/chain"
)

// current returns the session that is held, with its true expiry, until it ends. The error says that there is none yet or
// when it ended, and wraps the reason why there is no newer one.
func (k *Keeper) current() (chain.Session, error) {
	if !k.state.Issued.IsZero() && k.now().Before(k.session.Expires) {
		return k.session, nil
	}
	what := "there is no session for " + k.role + " yet"
	if !k.state.Issued.IsZero() {
		what = "the session for " + k.role + " ended at " + clock(k.session.Expires)
	}
	if k.lastErr == nil {
		return chain.Session{}, errNone(what)
	}
	return chain.Session{}, fmt.Errorf("%s: %w", what, k.lastErr)
}

// errNone is the absence of a session for which no try is to blame yet.
type errNone string

func (e errNone) Error() string { return string(e) }

// Wait returns the session that is held, with its true expiry, until it ends, and at once, even if ctx has ended. When
// there is none, or when it has ended, it waits for one; when ctx ends first, the error says so, and wraps the reason of
// the last try.
func (k *Keeper) Wait(ctx context.Context) (chain.Session, error) {
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

// Ready waits until there is a session and every publisher has it: before that, a job must not be started that reads
// what they write. When ctx ends first, the error is Wait's, or says which publishers failed.
func (k *Keeper) Ready(ctx context.Context) error {
	for {
		k.mu.Lock()
		_, err := k.current()
		if err == nil && k.behind != nil {
			err = fmt.Errorf("publishing the session: %w", k.behind)
		}
		changed := k.changed
		k.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done(): // once more, for the reason as it is now
		}
	}
}

// wake tells those who wait that there is something to look at. k.mu is held.
func (k *Keeper) wake() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// Status is how a Keeper stands. It holds no secret and is meant to be written as JSON.
type Status struct {
	Role      string    `json:"role"`
	Key       string    `json:"key,omitempty"`           // the end of the access key id
	Expires   time.Time `json:"expires,omitzero"`        // of the session that is held, which may have ended
	Refreshed time.Time `json:"last_refresh,omitzero"`   // when that came
	Next      time.Time `json:"next_refresh,omitzero"`   // when it is tried next
	Failures  int       `json:"failures"`                // in a row
	Error     string    `json:"last_error,omitempty"`    // of the last try, when it failed
	Publish   string    `json:"publish_error,omitempty"` // of publishers that have not taken the session
}

// Status returns how the Keeper stands. All times are UTC, in whole seconds.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := Status{Role: k.role, Next: whole(k.next), Failures: k.state.Failures}
	if !k.state.Issued.IsZero() {
		s.Role, s.Key = k.session.Role, k.session.KeySuffix()
		s.Expires, s.Refreshed = whole(k.session.Expires), whole(k.state.Issued)
	}
	if k.lastErr != nil {
		s.Error = k.lastErr.Error()
	}
	if k.behind != nil {
		s.Publish = k.behind.Error()
	}
	return s
}

func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
