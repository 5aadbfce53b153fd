package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"rolechain/internal/chain"
)

const (
	// slow is for how long a publisher may be at one session before that is worth a line: a directory that hangs.
	slow = 5 * time.Second

	// publishGrace is for how long Run waits for publishers when it ends, so that they leave no temp file.
	publishGrace = 100 * time.Millisecond
)

// A Publisher makes each session known to somebody who does not ask for it.
type Publisher struct {
	Name string // what it writes, for the log and Status: "credentials file"

	// Publish gets each new session, and the one that the Keeper began with. It gets the same one again at least every
	// 15 s, so that what somebody has removed comes back, and has nothing to do when all is as it was. It may take as long
	// as it likes: it holds up no renewal, no answer and no other publisher, and what came meanwhile is not queued, the next
	// call gets the newest session. After an error it is called again from 1 s later on, until it works.
	Publish func(chain.Session) error
}

// A publisher is one with its goroutine, and how it stands with the newest session.
type publisher struct {
	Publisher
	newer chan struct{} // of capacity 1: there is a session that it has not seen

	// Under the Keeper's mu.
	done     bool      // it has taken the newest session
	began    time.Time // when the call under way began; zero: none is
	failures int       // in a row, over sessions
	err      error     // of the last call; nil after a success
}

func newPublisher(p Publisher) *publisher {
	return &publisher{Publisher: p, newer: make(chan struct{}, 1)}
}

// publish starts the publishers' goroutines, which end with ctx. What it returns waits for them.
func (k *Keeper) publish(ctx context.Context) (wait func()) {
	var all sync.WaitGroup
	for _, p := range k.publishers {
		all.Go(func() {
			for ctx.Err() == nil {
				again := time.NewTimer(k.call(p))
				select {
				case <-p.newer:
				case <-again.C:
				case <-ctx.Done():
				}
				again.Stop()
			}
		})
	}
	return func() {
		over := make(chan struct{})
		go func() { all.Wait(); close(over) }()
		select {
		case <-over:
		case <-time.After(publishGrace): // one hangs, and ends with the process
		}
	}
}

// renew tells every publisher that there is a new session. What stood in the way of one that failed may be gone, so that
// one is called at once as well. k.mu is held.
func (k *Keeper) renew() {
	for _, p := range k.publishers {
		p.done = false
		select {
		case p.newer <- struct{}{}:
		default: // it has not seen the one before
		}
	}
}

// call hands the newest session to p, if there is one, and returns when to do so again. It holds k.mu only before and
// after.
func (k *Keeper) call(p *publisher) (again time.Duration) {
	k.mu.Lock()
	s := k.session
	if k.state.Issued.IsZero() {
		k.mu.Unlock()
		return maxSleep
	}
	p.began = time.Now()
	k.mu.Unlock()

	late := time.AfterFunc(slow, func() {
		k.log.Warn(fmt.Sprintf("%s: writing it takes more than %s; sessions are renewed all the same", p.Name, slow), logged(s)...)
	})
	err := p.Publish(s)
	wasLate := !late.Stop()

	k.mu.Lock()
	defer k.mu.Unlock()
	took := time.Since(p.began).Round(time.Second)
	old := p.err
	p.err, p.began = err, time.Time{}
	if err == nil {
		p.done = s == k.session
		if p.failures > 0 || wasLate {
			k.log.Info(p.Name+": written after all", logged(s, slog.Int("failures", p.failures), slog.String("took", took.String()))...)
		}
		p.failures = 0
		k.wake()
		return maxSleep
	}
	p.done = false
	level := slog.LevelDebug
	if old == nil || err.Error() != old.Error() {
		level = slog.LevelWarn
	}
	k.log.Log(context.Background(), level, p.Name+": writing it failed, trying again: "+err.Error(), logged(s)...)
	k.wake()
	// The bounds of tries, without jitter: nothing is shared that could be called in lockstep.
	again = min(retryMax, retryStart<<min(p.failures, 20))
	p.failures++
	return again
}

// unpublished returns which publishers do not have the newest session, and why; nil when all have it. k.mu is held.
func (k *Keeper) unpublished() error {
	var list []error
	for _, p := range k.publishers {
		if !p.done {
			list = append(list, fmt.Errorf("%s: %w", p.Name, p.problem()))
		}
	}
	return errors.Join(list...)
}

// failing returns which publishers have failed, or hang; nil when none has. k.mu is held.
func (k *Keeper) failing() error {
	var list []error
	for _, p := range k.publishers {
		if p.err != nil || p.hangs() {
			list = append(list, fmt.Errorf("%s: %w", p.Name, p.problem()))
		}
	}
	return errors.Join(list...)
}

func (p *publisher) hangs() bool { return !p.began.IsZero() && time.Since(p.began) >= slow }

// problem is what keeps p from having the newest session.
func (p *publisher) problem() error {
	switch {
	case p.hangs() || !p.began.IsZero() && p.err == nil:
		return fmt.Errorf("being written for %s", time.Since(p.began).Round(time.Second))
	case p.err != nil:
		return p.err
	}
	return errors.New("not written yet")
}
