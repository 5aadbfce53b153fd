// Package refresh keeps one session fresh for as long as a job runs. A Keeper gets a new session in good time, keeps the
// old one when that fails, hands each new one to its publishers, and tells its readers the newest: they never see an
// error while a session is held that has not ended.
//
// When to try is a pure function, Next. What goes on inside a try is not this package's business: see package chain.
package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/report"
)

const (
	// tryTimeout bounds one try, all of its hops together.
	tryTimeout = 10 * time.Second

	// mostSleep is how long the loop sleeps at most. Timers run on the monotonic clock: it stands still while a machine is
	// suspended, and does not follow when NTP sets the time, but the expiry is a wall clock's. So after a jump forward the
	// loop is at most this late to see that a refresh is due. With the time of a try that is within the 25 s for which
	// package endpoint lets a request wait.
	mostSleep = 15 * time.Second
)

// Options are what a Keeper, or an OnDemand, is made of.
type Options struct {
	Role string // ARN that Status names before there is a session; an OnDemand has none

	// Get does one try for a new session, (*chain.Chain).Client as a rule. Its context ends after 10 s. An error that is
	// a *chain.Error decides how soon to try again; any other counts as passing.
	Get func(context.Context) (chain.Session, error)

	// Publish gets each new session, and the one that the Keeper began with, in turn: a credentials file, a memfd. It gets
	// the same one again at least every 15 s, so that what somebody has removed comes back, and has nothing to do when all
	// is as it was. They run in Run's goroutine and must not block. One that fails is called again with the newest session,
	// from 1 s later on, until it works; the others do not wait for it.
	Publish []func(chain.Session) error

	// Session is one to begin with: that of the start, or the last good one of a predecessor that crashed. Zero: none. One
	// that has ended counts as none.
	Session chain.Session
	Issued  time.Time // when Session came. Zero: not known; it then counts as one that was good for an hour.

	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // the wall clock, for Expires to be compared with; nil: time.Now without its monotonic part
}

// A Keeper holds a session. Its methods may be used from several goroutines; Run is called once.
type Keeper struct {
	role    string
	get     func(context.Context) (chain.Session, error)
	log     *slog.Logger
	now     func() time.Time // without monotonic part: two times that have one would be compared by it, and no jump be seen
	outlets []*outlet        // Run's own

	mu      sync.Mutex
	session chain.Session // zero: none yet
	state   State
	next    time.Time // of the next try
	lastErr error     // of the last try; nil after a success
	behind  error     // of the publishers that have not taken session; nil when all have
	told    int       // how many of the remarks on the end of session have been made
	changed chan struct{}
}

// withDefaults is o without a nil that would have to be asked for.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().Round(0) }
	}
	return o
}

// begin is the session to begin with, and how old it is; zero when there is none that counts.
func (o Options) begin() (chain.Session, State) {
	if usable(o.Session, o.Now()) != nil {
		return chain.Session{}, State{}
	}
	issued := o.Issued
	if issued.IsZero() {
		issued = o.Session.Expires.Add(-longest)
	}
	return o.Session, State{Issued: issued, Expires: o.Session.Expires}
}

// New returns a Keeper, which does nothing yet but serve Options.Session.
func New(o Options) *Keeper {
	o = o.withDefaults()
	k := &Keeper{role: o.Role, get: o.Get, log: o.Log, now: o.Now, changed: make(chan struct{})}
	for _, publish := range o.Publish {
		k.outlets = append(k.outlets, &outlet{publish: publish})
	}
	if k.session, k.state = o.begin(); !k.state.Issued.IsZero() {
		k.behind = unpublished(k.outlets)
	}
	return k
}

// Run keeps the session fresh until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	due := k.plan()
	var slept time.Duration
	left := due.Sub(k.now()) // until the next try, by whichever clock is further
	for {
		if left = min(left-slept, due.Sub(k.now())); left <= 0 {
			if k.try(ctx); ctx.Err() != nil {
				return
			}
			due = k.plan()
			left = due.Sub(k.now())
		}
		// A timer's wait is over no sooner than it says by the monotonic clock, so left goes down even when the wall clock
		// is set back; and it is cut by the wall clock when that jumps forward.
		slept = max(0, min(left, mostSleep, k.publish(), k.remark()))
		select {
		case <-time.After(slept):
		case <-ctx.Done():
			return
		}
	}
}

// plan decides about the next try.
func (k *Keeper) plan() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = Next(k.now(), k.state, rand.Float64())
	return k.next
}

// try gets a new session, or counts a failure. A try that ctx cuts off is neither.
func (k *Keeper) try(ctx context.Context) {
	try, cancel := context.WithTimeout(ctx, tryTimeout)
	s, err := k.get(try)
	cancel()
	if ctx.Err() != nil && err != nil {
		return
	}
	now := k.now()
	if err == nil {
		err = usable(s, now)
	}
	if err != nil {
		k.failed(err, now)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	failures := k.state.Failures
	k.session, k.lastErr, k.told = s, nil, 0
	k.state = State{Issued: now, Expires: s.Expires}
	for _, o := range k.outlets {
		o.renew()
	}
	k.behind = unpublished(k.outlets)
	k.wake()
	k.log.Info("session refreshed", logged(s, slog.Int("failures", failures))...)
}

// failed counts a failure and says so, at the 1st, 2nd, 4th, 8th… in a row, so that a day of them is a few lines.
func (k *Keeper) failed(err error, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.Failures++
	k.state.Denied = denied(err)
	k.lastErr = err
	level := slog.LevelDebug
	if n := k.state.Failures; n&(n-1) == 0 {
		level = slog.LevelWarn
	}
	attrs := []any{slog.Int("failures", k.state.Failures)}
	if !k.state.Issued.IsZero() {
		attrs = append(attrs, left(k.state.Expires.Sub(now)))
	}
	var e *chain.Error
	if errors.As(err, &e) && e.Hint != "" && level == slog.LevelWarn {
		attrs = append(attrs, slog.String(report.HintKey, e.Hint))
	}
	k.log.Log(context.Background(), level, "no new session, trying again: "+err.Error(), attrs...)
}

// denied says whether a failure will not pass by itself. Of an error that is not chain's nobody knows.
func denied(err error) bool {
	var e *chain.Error
	return errors.As(err, &e) && e.Kind != chain.Transient && e.Kind != chain.NoToken
}

// usable refuses what must not take the place of a session that works.
func usable(s chain.Session, now time.Time) error {
	switch {
	case s.AccessKeyID == "" || s.SecretAccessKey == "" || s.SessionToken == "":
		return errors.New("the session has no keys in it")
	case !s.Expires.After(now):
		return fmt.Errorf("the session ended at %s, before it came, by this clock at %s", clock(s.Expires), clock(now))
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
