// Package chain goes from hops to a session: the pod's own identity first (IRSA's web identity token, or EKS Pod
// Identity's agent), then AssumeRole by AssumeRole to the client role.
//
// One attempt is one call of each hop that is needed, without retries: the SDK's are off, since they nest on a chain
// (45 s to fail when STS is down) and leave out a truncated answer. Whoever needs a session decides about retries; First
// is the policy of a start. Every failure is an *Error, which says at which hop, what AWS said, whether to try again, and
// what a person can do.
package chain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"rolechain/internal/settings"
)

// callTimeout is how long one call of one hop may take. STS answers in well under a second; this is the design's limit.
const callTimeout = 10 * time.Second

// A Chain gets sessions. It may be used from several goroutines; one attempt at a time goes on, so that the hops before
// the last are done once for all of them.
type Chain struct {
	spec  Spec
	sts   *sts.Client
	agent *http.Client // Pod Identity's
	turn  chan struct{}
	held  []held                        // held[i] is hop i+1's session; the last hop's is never kept
	clock atomic.Pointer[time.Duration] // how far it is ahead of STS's; nil until STS has answered

	random func() float64 // in [0, 1)

	// Watch, where it is set before the first call, is told of each call of a hop and how long it took, whatever came of it.
	Watch func(hop int, took time.Duration)
}

// held is a session to go on from. Its zero value is none.
type held struct {
	Session
	life time.Duration // what was left when it was issued
}

// New returns the chain of spec; it does not check it, which settings has done. transport carries every call, nil means
// a plain one of this package: no kept connections, HTTPS_PROXY and its like respected for STS, each phase bounded.
func New(spec Spec, transport http.RoundTripper) *Chain {
	return &Chain{
		spec:  spec,
		sts:   newSTS(spec, transport),
		agent: newAgent(transport),
		turn:  make(chan struct{}, 1),
		held:  make([]held, max(1, spec.hops()-1)),

		random: rand.Float64,
	}
}

// ClockOff returns how far this node's clock is ahead of STS's, to a second, as its last answer said; known is false when
// it has not answered.
func (c *Chain) ClockOff() (off time.Duration, known bool) {
	if at := c.clock.Load(); at != nil {
		return *at, true
	}
	return 0, false
}

// Format keeps the sessions inside from being printed.
func (c *Chain) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "chain to %s", c.spec.ClientRole) }

// Client does one attempt for a new session of the client role. The sessions of the hops before are used again while
// they are good (see Base and Early). When one of them is not good but still valid, and its renewal fails for a passing reason,
// it serves once more. A caller's session that STS refuses as expired or unknown is renewed within the same attempt.
// The error is an *Error.
func (c *Chain) Client(ctx context.Context) (Session, error) { return c.as(ctx, c.spec.client()) }

// As is Client for the role of another profile at the end of the same chain, with the same hops before it.
func (c *Chain) As(ctx context.Context, profile string) (Session, error) {
	return c.as(ctx, c.spec.Profiles[profile])
}

func (c *Chain) as(ctx context.Context, last Hop) (Session, error) {
	if err := c.take(ctx, c.spec.hops(), last); err != nil {
		return Session{}, err
	}
	defer c.release()
	if c.spec.Direct {
		return c.direct(ctx, last)
	}
	return c.assume(ctx, c.spec.hops(), last)
}

// Base returns the first hop's own session: the one that Client last went on from, as long as it is good, or a new one.
// Good is a session with at least 15 minutes left, since SDKs ask again below that, or, when it is a short one, half of
// its life. The error is an *Error.
func (c *Chain) Base(ctx context.Context) (Session, error) {
	if err := c.take(ctx, 1, c.spec.base()); err != nil {
		return Session{}, err
	}
	defer c.release()
	return c.session(ctx, 1)
}

// NextBase is Base for somebody who has the session old and keeps the next one fresh: that is another one than old, and
// good for 20 minutes, so that its next renewal is in time.
func (c *Chain) NextBase(ctx context.Context, old Session) (Session, error) {
	if err := c.take(ctx, 1, c.spec.base()); err != nil {
		return Session{}, err
	}
	defer c.release()
	if at := c.held[0]; at.goodFor(margin+5*time.Minute) && at.AccessKeyID != old.AccessKeyID {
		return at.Session, nil
	}
	return c.renew(ctx, 1)
}

// Hold makes s the first hop's session to go on from, as one that a predecessor got. life is how long it was good for when
// it came. It waits for an attempt that is under way.
func (c *Chain) Hold(s Session, life time.Duration) {
	c.turn <- struct{}{}
	defer c.release()
	c.held[0] = held{Session: s, life: life}
}

// take waits for this caller's turn. A channel and not a mutex: whoever waits can give up. That it did so says nothing of
// STS, so there is no hint.
func (c *Chain) take(ctx context.Context, hop int, last Hop) error {
	select { // a free turn is taken even when the time is up too, so that the error tells of this try
	case c.turn <- struct{}{}:
		return nil
	default:
	}
	began := time.Now()
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{
			Hop: hop, Of: c.spec.hops(), Role: c.spec.hop(hop, last).Role, Action: action(hop, c.spec.FirstHop), Kind: Transient, Err: ctx.Err(),
			Message: fmt.Sprintf("not tried: another try of this process was under way for all of %s", time.Since(began).Round(time.Second/10)),
		}
	}
}

func (c *Chain) release() { <-c.turn }

// margin is what a session must have left to be used again.
const margin = 15 * time.Minute

// goodFor reports whether d is left of it, or, when it is a short one, half of its life.
func (h held) goodFor(d time.Duration) bool {
	return h.AccessKeyID != "" && h.Left() >= min(d, h.life/2)
}

// Early reports whether the first hop's session is renewed although it is good, in an attempt that comes when left is left of
// its life. random is in [0, 1). Pods that started together would otherwise do their first hop together, in every second
// attempt, for hours: half of the attempts are early, from a sixth of the life on (docs/scale.md).
func Early(left, life time.Duration, random float64) bool { return left <= life*5/6 && random < 0.5 }

// session returns a good session of one of the hops before the last: the one held, or a new one.
func (c *Chain) session(ctx context.Context, hop int) (Session, error) {
	if at := c.held[hop-1]; at.goodFor(margin) {
		return at.Session, nil
	}
	return c.renew(ctx, hop)
}

// renew gets a new session of one of the hops before the last, and holds it.
func (c *Chain) renew(ctx context.Context, hop int) (Session, error) {
	began := time.Now()
	var s Session
	var err error
	switch {
	case hop > 1:
		s, err = c.assume(ctx, hop, c.spec.client())
	case c.spec.FirstHop == settings.PodIdentity:
		s, err = c.try(ctx, hop, c.spec.base(), c.podIdentity)
	default:
		s, err = c.direct(ctx, c.spec.base())
	}
	if err != nil {
		return Session{}, err
	}
	c.held[hop-1] = held{Session: s, life: s.Expires.Sub(began)}
	return s, nil
}

// caller returns a session for the next hop to sign with: unlike Base it makes do with one that is merely valid, for as
// long as a call may take, when there is passing trouble with a new one, and with a good one whatever the trouble is.
func (c *Chain) caller(ctx context.Context, hop int) (Session, error) {
	old := c.held[hop-1]
	if old.goodFor(margin) && (hop > 1 || !Early(old.Left(), old.life, c.random())) {
		return old.Session, nil
	}
	s, err := c.renew(ctx, hop)
	if err != nil && ctx.Err() == nil && (old.goodFor(margin) || transient(err) && old.AccessKeyID != "" && old.Left() > callTimeout) {
		return old.Session, nil
	}
	return s, err
}

// direct goes to a role with the pod's own token.
func (c *Chain) direct(ctx context.Context, to Hop) (Session, error) {
	return c.try(ctx, 1, to, func(ctx context.Context) (Session, error) { return c.webIdentity(ctx, to) })
}

// assume does AssumeRole from the hop before.
func (c *Chain) assume(ctx context.Context, hop int, last Hop) (Session, error) {
	for again := false; ; again = true {
		from, err := c.caller(ctx, hop-1)
		if err != nil {
			return Session{}, err
		}
		s, err := c.try(ctx, hop, last, func(ctx context.Context) (Session, error) {
			return c.assumeRole(ctx, c.spec.hop(hop, last), from)
		})
		var refused *Error
		if again || !errors.As(err, &refused) || !refused.callerEnded() {
			return s, err
		}
		c.held[hop-2] = held{}
	}
}

// try makes one call within callTimeout and puts what went wrong into an *Error.
func (c *Chain) try(ctx context.Context, hop int, last Hop, call func(context.Context) (Session, error)) (Session, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	s, err := call(ctx)
	if c.Watch != nil {
		c.Watch(hop, time.Since(began))
	}
	if err == nil {
		err = usable(s)
	}
	if err != nil {
		return Session{}, c.explain(hop, last, began, err)
	}
	s.Role = c.spec.hop(hop, last).Role
	return s, nil
}

// usable checks an answer before anybody relies on it.
func usable(s Session) error {
	switch {
	case !s.HasKeys() || s.Expires.IsZero():
		return errNoSession
	case s.Left() <= 0:
		return &pastError{-s.Left()}
	}
	return nil
}

// pastError is about a session that was over when it came.
type pastError struct{ ago time.Duration }

func (e *pastError) Error() string {
	return fmt.Sprintf("the answer is a session that ended %.0f minutes ago by this node's clock", e.ago.Minutes())
}
