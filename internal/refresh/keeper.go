// Package refresh keeps a session fresh for as long as a job runs. A Keeper gets a new session in good time, keeps the
// old one when that fails, hands each new one to its publishers, and gives its readers the newest: they never see an
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
)

const (
	// attemptTimeout bounds one try, all of its hops together.
	attemptTimeout = 10 * time.Second

	// maxSleep bounds each sleep of the loop. Timers run on the monotonic clock: it stands still while a machine is
	// suspended, and does not follow when NTP sets the time, but the expiry is a wall clock's. So after a jump forward the
	// loop is at most this late to see that a refresh is due, or as late as the next request.
	maxSleep = 15 * time.Second
)

// Options are what a Keeper is made of.
type Options struct {
	Role    string // ARN that messages and Status name before there is a session; "" for EKS Pod Identity's
	Profile string // name of the profile that the session is for, for the log and Status; "" for the client role's

	// Get does one try for a new session. held is the one that is to be replaced, zero when there is none: a Get that
	// would hand out a session of its own cache must not answer with that one, unless there is no other. The
	// context ends after 10 s. An error that is a *chain.Error decides how soon to try again; any other counts as passing.
	Get func(ctx context.Context, held chain.Session) (chain.Session, error)

	// OnDemand puts off the first try until somebody calls Wait. From then on the session is kept fresh like any other.
	OnDemand bool

	Publish []Publisher // in no order: none waits for another

	// Session is one to begin with: that of the start, or the last good one of a predecessor that crashed. Zero: none. One
	// that has ended counts as none.
	Session chain.Session
	Issued  time.Time     // when Session came. Zero: not known; it then counts as one that was good for MaxLife.
	MaxLife time.Duration // the most that a session is good for; 0 means an hour

	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // the wall clock, for Expires to be compared with; nil: time.Now without its monotonic part
}

// A Keeper holds a session. Its methods may be used from several goroutines; Run is called once.
type Keeper struct {
	role       string
	get        func(context.Context, chain.Session) (chain.Session, error)
	log        *slog.Logger
	now        func() time.Time // without monotonic part: two times that have one would be compared by it, and no jump be seen
	publishers []*publisher
	wanted     chan struct{} // of capacity 1: somebody wants a session now

	mu       sync.Mutex
	session  chain.Session // zero: none yet
	state    State
	trying   time.Time // when the first try for a session began; zero: none has
	awaited  time.Time // when somebody first waited for the successor of the session, which is due; zero: nobody has
	next     time.Time // of the next try; zero: none is planned
	lastErr  error     // of the last try; nil after a success
	reasons  reasons   // the failures that were logged
	remarked int       // how many of the remarks on the end of the session have been made
	changed  chan struct{}
}

// New returns a Keeper, which does nothing yet but serve Options.Session.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Profile != "" {
		o.Log = o.Log.With("profile", o.Profile)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().Round(0) }
	}
	k := &Keeper{role: o.Role, get: o.Get, log: o.Log, now: o.Now, wanted: make(chan struct{}, 1), changed: make(chan struct{})}
	if !o.OnDemand {
		k.want()
	}
	for _, p := range o.Publish {
		k.publishers = append(k.publishers, newPublisher(p))
	}
	k.state = State{MaxLife: o.MaxLife, First: true}
	if usable(o.Session, k.now()) == nil {
		if o.Issued.IsZero() {
			o.Issued = o.Session.Expires.Add(-k.state.life())
		}
		k.session, k.state.Issued, k.state.Expires = o.Session, o.Issued, o.Session.Expires
	}
	return k
}

// Run keeps the session fresh until ctx ends. Publishers that are in the middle of a session by then may finish it for
// 0.1 s.
func (k *Keeper) Run(ctx context.Context) {
	defer k.publish(ctx)()
	select {
	case <-k.wanted:
	case <-ctx.Done():
		return
	}
	due := k.begin()
	var slept time.Duration
	left := due.Sub(k.now()) // until the next try, by whichever clock is further
	for {
		if left = min(left-slept, due.Sub(k.now())); left <= 0 {
			if due = k.try(ctx); ctx.Err() != nil {
				return
			}
			left = due.Sub(k.now())
		}
		// A timer's wait is over no sooner than it says by the monotonic clock, so left goes down even when the wall clock
		// is set back; and it is cut by the wall clock when that jumps forward.
		began := time.Now()
		select {
		case <-time.After(min(left, maxSleep, k.remark())):
		case <-k.wanted:
		case <-ctx.Done():
			return
		}
		slept = time.Since(began)
	}
}

// want asks the loop to look at once whether a try is due.
func (k *Keeper) want() {
	select {
	case k.wanted <- struct{}{}:
	default: // it has been asked
	}
}

// begin plans the first try.
func (k *Keeper) begin() (due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trying = k.now()
	return k.plan()
}

// plan decides when the next try is. k.mu is held.
func (k *Keeper) plan() time.Time {
	k.next = Next(k.now(), k.state, rand.Float64())
	return k.next
}

// try gets a new session, or counts a failure, and plans the next try. A try that ctx cuts off is neither.
func (k *Keeper) try(ctx context.Context) (due time.Time) {
	k.mu.Lock()
	held := k.session
	k.mu.Unlock()
	attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
	s, err := k.get(attempt, held)
	cancel()
	if ctx.Err() != nil && err != nil {
		return time.Time{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if err == nil {
		err = usable(s, now)
	}
	if err != nil {
		k.failed(err, now)
	} else {
		k.got(s, now)
	}
	return k.next
}

// got takes a new session. k.mu is held.
func (k *Keeper) got(s chain.Session, now time.Time) {
	first, failures := k.state.Issued.IsZero(), k.state.Failures
	k.state = State{Issued: now, Expires: s.Expires, MaxLife: k.state.MaxLife, First: first}
	k.lastErr, k.reasons, k.awaited = nil, reasons{}, time.Time{}
	k.plan()
	defer k.wake()
	if s == k.session {
		// EKS Pod Identity's agent has sessions of its own, and makes a new one when it likes. What is left of this one
		// is its life now, so that it is asked again in time.
		k.log.Debug("the session is still the newest", logged(s)...)
		return
	}
	k.session, k.remarked = s, 0
	k.renew()
	if first {
		k.log.Info("first session", logged(s, slog.String("took", now.Sub(k.trying).Round(time.Millisecond).String()))...)
	} else {
		k.log.Info("session refreshed", logged(s, slog.Int("failures", failures))...)
	}
}

// failed counts a failure. k.mu is held.
func (k *Keeper) failed(err error, now time.Time) {
	k.state.Failures++
	k.state.Denied = denied(err)
	k.lastErr = err
	k.plan()
	k.wake()
	k.logFailure(err, now)
}

// denied reports whether a failure will not pass by itself. Of an error that is not chain's nobody knows.
func denied(err error) bool {
	var e *chain.Error
	return errors.As(err, &e) && e.Kind != chain.Transient && e.Kind != chain.NoToken
}

// usable refuses what must not take the place of a session that works.
func usable(s chain.Session, now time.Time) error {
	switch {
	case !s.HasKeys():
		return errors.New("the session has no keys in it")
	case !s.Expires.After(now):
		return fmt.Errorf("the session ended at %s, before it came, by this clock at %s", clock(s.Expires), clock(now))
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
