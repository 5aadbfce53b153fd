package refresh

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
)

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// A target is what a publisher writes to.
type target struct {
	mu    sync.Mutex
	err   error         // every call fails with it; nil: none does
	hang  chan struct{} // every call waits until it is closed; nil: none does
	calls []string      // key ids
	taken []string      // key ids of calls that worked, each once in a row
}

func (p *target) publish(s chain.Session) error {
	p.mu.Lock()
	p.calls = append(p.calls, s.AccessKeyID)
	hang := p.hang
	p.mu.Unlock()
	if hang != nil {
		<-hang
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil && (len(p.taken) == 0 || p.taken[len(p.taken)-1] != s.AccessKeyID) {
		p.taken = append(p.taken, s.AccessKeyID)
	}
	return p.err
}

func (p *target) fail(err error)           { p.mu.Lock(); defer p.mu.Unlock(); p.err = err }
func (p *target) hangs(c chan struct{})    { p.mu.Lock(); defer p.mu.Unlock(); p.hang = c }
func (p *target) has() []string            { p.mu.Lock(); defer p.mu.Unlock(); return slices.Clone(p.taken) }
func (p *target) count() int               { p.mu.Lock(); defer p.mu.Unlock(); return len(p.calls) }
func (p *target) as(name string) Publisher { return Publisher{name, p.publish} }

func to(list ...Publisher) func(*Options) { return func(o *Options) { o.Publish = list } }

func TestPublisherFails(t *testing.T) {
	full := exit.Because(exit.NoFiles, errors.New("no space left"), "")
	file, other := &target{err: full}, &target{}
	in(t, &issuer{life: time.Hour}, to(file.as("credentials file"), other.as("discovery file")), func(r *rig) {
		if got := other.has(); len(got) != 1 {
			r.Errorf("the other has %v", got)
		}
		if _, err := r.Current(); err != nil {
			r.Errorf("readers have no session: %v", err)
		}
		err := r.Ready(ended())
		if exit.CodeOf(err) != exit.NoFiles || err.Error() != "publishing the session: credentials file: no space left" {
			r.Errorf("ready: %v", err)
		}
		if s := r.Status(); s.Publish != "credentials file: no space left" || s.Failures != 0 {
			r.Errorf("status %+v", s)
		}
		r.pass(20 * time.Minute)
		if n := file.count(); n < 20 || n > 30 { // 1, 2, 4, … 60 s
			r.Errorf("%d tries in 20 minutes", n)
		}
		ready := make(chan error, 1)
		go func() { ready <- r.Ready(context.Background()) }()
		file.fail(nil)
		r.pass(retryMax + time.Second)
		if err := <-ready; err != nil || r.Status().Publish != "" {
			r.Errorf("%v, status %+v", err, r.Status())
		}
		r.pass(time.Hour)
		if n := r.sts.count(); len(other.has()) != n || len(file.has()) < n-1 {
			r.Errorf("%d sessions; it has %v, the other %v", n, file.has(), other.has())
		}
		if w := r.log.at(slog.LevelWarn); len(w) != 1 || !strings.HasPrefix(w[0].text, "credentials file: writing it failed, trying again: no space left role=") {
			r.Errorf("warnings: %v", w)
		}
	})
}

// What a publisher missed it never gets: the next thing that it sees is the newest session, and that at once, not at the
// end of a minute's pause.
func TestPublisherGetsTheNewest(t *testing.T) {
	i := &issuer{life: time.Hour}
	file := &target{err: errors.New("away")}
	in(t, i, to(file.as("file")), func(r *rig) {
		for i.count() < 3 {
			if i.count() == 2 {
				file.fail(nil)
				r.pass(time.Second)
				file.fail(errors.New("away"))
			}
			r.pass(time.Second)
		}
		if got := file.calls[len(file.calls)-1]; got != session(3, time.Now()).AccessKeyID {
			r.Errorf("the newest session is not tried at once: %v", got)
		}
	})
}

// A publisher may ask the Keeper, and a slow one keeps no reader waiting.
func TestPublisherAndReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k *Keeper
		i := &issuer{life: time.Hour}
		k = New(Options{Role: role, Get: i.get, Publish: []Publisher{{"file", func(s chain.Session) error {
			if now, err := k.Current(); now != s || err != nil {
				t.Errorf("got %v, %v", now, err)
			}
			time.Sleep(4 * time.Second)
			return nil
		}}}})
		ctx, cancel := context.WithCancel(context.Background())
		defer func() { cancel(); time.Sleep(time.Minute) }() // for a call under way
		go k.Run(ctx)
		synctest.Wait()
		began := time.Now()
		if _, err := k.Wait(ctx); err != nil || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := k.Ready(ctx); err != nil || time.Since(began) != 4*time.Second {
			t.Errorf("ready: %v after %v", err, time.Since(began))
		}
	})
}

// A directory that hangs for half a day (a frozen disk, an NFS server that is away) holds up no renewal, no answer, no
// other publisher and no end. It is told of, and gets the newest session when it is back.
func TestPublisherHangs(t *testing.T) {
	frozen, other := &target{}, &target{}
	in(t, &issuer{life: time.Hour}, to(frozen.as("credentials file"), other.as("saved state")), func(r *rig) {
		back := make(chan struct{})
		frozen.hangs(back)
		calls := r.sts.count()
		r.watch(12*time.Hour, time.Second, 30*time.Minute-2*time.Second)
		if n := r.sts.count(); n-calls < 24 || len(other.has()) != n {
			r.Errorf("%d renewals in 12 hours, the other publisher has %d sessions", n-calls, len(other.has()))
		}
		if n := len(frozen.has()); n != 1 {
			r.Errorf("it has %d sessions", n)
		}
		if s := r.Status(); !strings.HasPrefix(s.Publish, "credentials file: being written for 1") || s.Error != "" {
			r.Errorf("status %+v", s)
		}
		if err := r.Ready(ended()); err == nil || !strings.HasPrefix(err.Error(), "publishing the session: credentials file: being written for ") {
			r.Errorf("ready: %v", err)
		}
		frozen.hangs(nil)
		close(back)
		r.pass(0)
		newest, _ := r.Current()
		if got := frozen.has(); len(got) > 3 || got[len(got)-1] != newest.AccessKeyID || r.Status().Publish != "" {
			r.Errorf("it has %v, the newest is %v, status %+v", got, newest, r.Status())
		}
		if w := r.log.at(slog.LevelWarn); len(w) != 1 || !strings.HasPrefix(w[0].text, "credentials file: writing it takes more than 5s") {
			r.Errorf("warnings: %v", w)
		}

		again := make(chan struct{})
		defer close(again)
		frozen.hangs(again)
		r.pass(maxSleep)
		stopped := time.Now()
		if r.stop(); time.Since(stopped) != publishGrace {
			r.Errorf("it took %v to stop", time.Since(stopped))
		}
	})
}

// What was published and got lost is published again before long, and a publisher that works no more is told of.
func TestPublishedAgain(t *testing.T) {
	file := &target{}
	in(t, &issuer{life: time.Hour}, to(file.as("file")), func(r *rig) {
		n := file.count()
		if r.pass(maxSleep); file.count() != n+1 {
			r.Error("it is not back")
		}
		file.fail(errors.New("read-only"))
		if r.pass(maxSleep); r.Status().Publish != "file: read-only" {
			r.Errorf("status %+v", r.Status())
		}
		file.fail(nil)
		if r.pass(maxSleep); r.Status().Publish != "" {
			r.Errorf("status %+v", r.Status())
		}
	})
}

// Ready says every 10 s what it waits for, and how much longer.
func TestReadySaysWhatItWaitsFor(t *testing.T) {
	file := &target{err: errors.New("no space left")}
	in(t, &issuer{life: time.Hour, err: errDown}, to(file.as("credentials file")), func(r *rig) {
		ctx, cancel := context.WithTimeout(r.Context(), 105*time.Second)
		defer cancel()
		go func() {
			time.Sleep(25 * time.Second)
			r.sts.fail(nil)
		}()
		if err := r.Ready(ctx); err == nil || !strings.Contains(err.Error(), "no space left") {
			r.Errorf("ready: %v", err)
		}
		var got []string
		for _, l := range r.log.at(slog.LevelInfo) {
			if strings.HasPrefix(l.text, "waiting: ") {
				got = append(got, l.text)
			}
		}
		down := "waiting: there is no session for " + role + " yet: " + errDown.Error()
		full := "waiting: publishing the session: credentials file: no space left"
		if len(got) != 10 || got[0] != down+" left=1m35s" || got[1] != down+" left=1m25s" || got[9] != full+" left=5s" {
			r.Errorf("said:\n%s", strings.Join(got, "\n"))
		}
	})
}

// Who waited in vain is told why there is nothing now, not why there was nothing when the wait began.
func TestReasonAtTheEndOfAWait(t *testing.T) {
	i := &issuer{life: time.Hour, err: errDown}
	file := &target{err: errors.New("first reason")}
	in(t, i, to(file.as("file")), func(r *rig) {
		var mu sync.Mutex
		told := map[string]error{}
		var all sync.WaitGroup
		for name, wait := range map[string]func(context.Context) error{
			"Wait":  func(ctx context.Context) error { _, err := r.Wait(ctx); return err },
			"Ready": r.Ready,
		} {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
				defer cancel()
				err := wait(ctx)
				mu.Lock()
				defer mu.Unlock()
				told[name] = err
			})
		}
		r.pass(time.Minute)
		i.fail(errRefused)
		r.pass(10 * time.Minute)
		all.Wait()
		for name, err := range told {
			if !errors.Is(err, errRefused) {
				r.Errorf("%s: %v", name, err)
			}
		}
		i.fail(nil)
		r.pass(10 * time.Minute)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		time.AfterFunc(time.Minute, func() { file.fail(errors.New("second reason")) })
		if err := r.Ready(ctx); err == nil || !strings.Contains(err.Error(), "second reason") {
			r.Errorf("ready: %v", err)
		}
	})
}

// A publisher that returns while a newer session is on its way does not have that one.
func TestPublisherIsBehindUntilItHasTheNewest(t *testing.T) {
	i, file := &issuer{life: time.Hour}, &target{}
	in(t, i, to(file.as("file")), func(r *rig) {
		hold := make(chan struct{})
		file.hangs(hold)
		r.pass(maxSleep)
		for i.count() < 2 {
			r.pass(time.Second)
		}
		if err := r.Ready(ended()); err == nil {
			r.Error("ready while the new session is not written")
		}
		file.hangs(nil)
		close(hold)
		if err := r.Ready(r.Context()); err != nil {
			r.Errorf("ready: %v", err)
		}
	})
}
