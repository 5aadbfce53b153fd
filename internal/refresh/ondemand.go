package refresh

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"rolechain/internal/chain"
)

// renewalWait is how long a caller of OnDemand.Wait that could have the old session waits for a new one: half of what
// the least patient SDK gives an endpoint.
const renewalWait = 500 * time.Millisecond

// OnDemand holds a session that is asked for now and then, such as the first hop's own. It gets one when somebody asks,
// keeps it, and gets a new one when somebody asks and less than 15 minutes are left of it, or half of a short one. While
// that fails the old one is served until it ends.
//
// It stands before (*chain.Chain).Base, which has the same rules, because that waits for its turn: with an STS that
// hangs, 10 s behind each try of a Keeper.
type OnDemand struct {
	get     func(context.Context) (chain.Session, error)
	publish []func(chain.Session) error
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	session chain.Session // zero: none yet
	state   State
	lastErr error
	over    chan struct{} // closed when the try under way is over; nil: none is
}

// NewOnDemand returns an OnDemand that gets sessions with o.Get, one try at a time, 10 s a try. It calls each of o.Publish
// with a new session once: one that fails is logged.
func NewOnDemand(o Options) *OnDemand {
	o = o.withDefaults()
	d := &OnDemand{get: o.Get, publish: o.Publish, log: o.Log, now: o.Now}
	d.session, d.state = o.begin()
	return d
}

// Wait returns the session, at once when it is good, within half a second when it still counts. Otherwise it waits for
// one, which is tried for at the times that Next gives; when ctx ends first, it returns why the last try failed.
func (d *OnDemand) Wait(ctx context.Context) (chain.Session, error) {
	for {
		d.mu.Lock()
		now := d.now()
		s, rest, failing := d.session, d.state.Expires.Sub(now), d.lastErr
		if rest > 0 && rest >= min(margin, d.state.Expires.Sub(d.state.Issued)/2) {
			d.mu.Unlock()
			return s, nil
		}
		over := d.start(now)
		d.mu.Unlock()

		if rest > 0 {
			if failing == nil {
				ctx, cancel := context.WithTimeout(ctx, min(renewalWait, rest/2))
				defer cancel()
				select {
				case <-over:
					d.mu.Lock()
					defer d.mu.Unlock()
					return d.session, nil // the new one, or still the old one
				case <-ctx.Done():
				}
			}
			return s, nil
		}
		if ctx.Err() != nil {
			if failing == nil {
				failing = ctx.Err()
			}
			return chain.Session{}, failing
		}
		select {
		case <-over:
		case <-ctx.Done(): // once more, for the reason as it is now
		}
	}
}

// start returns what is closed when the try under way is over. If none is, it starts one; after a failure that one
// begins with the wait that is due. d.mu is held.
func (d *OnDemand) start(now time.Time) <-chan struct{} {
	if d.over == nil {
		d.over = make(chan struct{})
		wait := time.Duration(0)
		if d.state.Failures > 0 {
			wait = Next(now, d.state, rand.Float64()).Sub(now)
		}
		go d.try(wait)
	}
	return d.over
}

// try belongs to nobody who asks: the next one has its session. It ends within 70 s, or 310 s after a refusal.
func (d *OnDemand) try(wait time.Duration) {
	time.Sleep(wait)
	ctx, cancel := context.WithTimeout(context.Background(), tryTimeout)
	defer cancel()
	s, err := d.get(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if err == nil {
		err = usable(s, now)
	}
	if d.lastErr = err; err != nil {
		d.state.Failures++
		d.state.Denied = denied(err)
		d.log.Debug("no session on demand: " + err.Error())
	} else {
		d.session, d.state = s, State{Issued: now, Expires: s.Expires}
		d.log.Debug("session on demand", logged(s)...)
		for _, publish := range d.publish {
			if err := publish(s); err != nil {
				d.log.Warn("publishing a session failed: "+err.Error(), logged(s)...)
			}
		}
	}
	close(d.over)
	d.over = nil
}
