package refresh

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
)

const role = "arn:aws:iam::444455556666:role/client-role"

// An issuer is what a Keeper gets its sessions from.
type issuer struct {
	mu    sync.Mutex
	life  time.Duration
	takes time.Duration // a try
	err   error         // every try fails with it; nil: none does
	calls []time.Time
}

func (i *issuer) fail(err error)        { i.set(func() { i.err = err }) }
func (i *issuer) lasts(d time.Duration) { i.set(func() { i.life = d }) }
func (i *issuer) call(n int) (at time.Time) {
	i.set(func() { at = i.calls[n] })
	return at
}
func (i *issuer) count() (n int) { i.set(func() { n = len(i.calls) }); return n }
func (i *issuer) set(f func())   { i.mu.Lock(); defer i.mu.Unlock(); f() }

var (
	errDown    = &chain.Error{Hop: 2, Of: 2, Role: role, Action: "AssumeRole", Kind: chain.Transient, Message: "connection refused"}
	errRefused = &chain.Error{Hop: 2, Of: 2, Role: role, Action: "AssumeRole", Kind: chain.Refused, Code: "AccessDenied", Message: "no", Hint: "look at the trust policy"}
)

func (i *issuer) get(ctx context.Context, _ chain.Session) (chain.Session, error) {
	i.mu.Lock()
	i.calls = append(i.calls, time.Now())
	n, life, takes, err := len(i.calls), i.life, i.takes, i.err
	i.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return chain.Session{}, ctx.Err()
	}
	if err != nil {
		return chain.Session{}, err
	}
	return session(n, time.Now().Add(life)), nil
}

func session(n int, expires time.Time) chain.Session {
	return chain.Session{
		Role: role, AccessKeyID: fmt.Sprintf("ASIAEXAMPLE%05d", n), SecretAccessKey: fmt.Sprintf("secret-%d", n),
		SessionToken: fmt.Sprintf("token-%d", n), Expires: expires.UTC().Truncate(time.Second),
	}
}

// A line is one of a log.
type line struct {
	at    time.Time
	level slog.Level
	text  string // message and attributes
}

// A book is a slog.Handler that keeps what it gets.
type book struct {
	mu    sync.Mutex
	lines []line
}

// A page is a book whose lines have attributes of their own.
type page struct {
	*book
	attrs []slog.Attr
}

func (p page) Enabled(context.Context, slog.Level) bool { return true }
func (p page) WithAttrs(attrs []slog.Attr) slog.Handler {
	return page{p.book, append(p.attrs, attrs...)}
}
func (p page) WithGroup(string) slog.Handler { return p }
func (p page) Handle(_ context.Context, r slog.Record) error {
	b := p.book
	var text bytes.Buffer
	text.WriteString(r.Message)
	for _, a := range p.attrs {
		fmt.Fprintf(&text, " %s=%s", a.Key, a.Value)
	}
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&text, " %s=%s", a.Key, a.Value); return true })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line{time.Now(), r.Level, text.String()})
	return nil
}

// at returns the lines of a level, with when they came.
func (b *book) at(level slog.Level) []line {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []line
	for _, l := range b.lines {
		if l.level == level {
			out = append(out, l)
		}
	}
	return out
}

// A rig is a Keeper that runs, on synctest's clock.
type rig struct {
	*testing.T
	*Keeper
	sts   *issuer
	log   *book
	began time.Time
	stop  func() // ends Run and waits for that
}

// keep starts a Keeper on i; change may set more Options.
func keep(t *testing.T, i *issuer, change func(*Options)) *rig {
	r := &rig{T: t, sts: i, log: &book{}, began: time.Now()}
	o := Options{Role: role, Get: i.get, Log: slog.New(page{book: r.log})}
	if change != nil {
		change(&o)
	}
	r.Keeper = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.Keeper.Run(ctx); close(ended) }()
	r.stop = func() { cancel(); <-ended }
	synctest.Wait()
	return r
}

// Current is what a reader gets who does not wait.
func (k *Keeper) Current() (chain.Session, error) { return k.Wait(ended()) }

// pass lets time go by, and what is due happen.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// watch looks at the session every step for so long. Each time there must be one, with at least `least` left.
func (r *rig) watch(long, step, least time.Duration) {
	r.Helper()
	for end := time.Now().Add(long); time.Now().Before(end); {
		r.pass(step)
		s, err := r.Current()
		if err != nil {
			r.Fatalf("after %v: %v", time.Since(r.began), err)
		}
		if s.Left() < least {
			r.Fatalf("after %v: only %v left", time.Since(r.began), s.Left())
		}
	}
}

// in runs a test on synctest's clock.
func in(t *testing.T, i *issuer, change func(*Options), test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := keep(t, i, change)
		defer r.stop()
		test(r)
	})
}
