package refresh

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
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

// different adds a session to those that came, unless it is the last of them again.
func different(list []string, s chain.Session) []string {
	if n := len(list); n > 0 && list[n-1] == s.AccessKeyID {
		return list
	}
	return append(list, s.AccessKeyID)
}

func TestPublisherFails(t *testing.T) {
	full := exit.Because(exit.NoFiles, errors.New("no space left"), "")
	var broken atomic.Bool
	broken.Store(true)
	var tried, taken, other []string
	in(t, &issuer{life: time.Hour}, func(o *Options) {
		o.Publish = []func(chain.Session) error{
			func(s chain.Session) error {
				tried = append(tried, s.AccessKeyID)
				if broken.Load() {
					return full
				}
				taken = different(taken, s)
				return nil
			},
			func(s chain.Session) error { other = different(other, s); return nil },
		}
	}, func(r *rig) {
		if len(other) != 1 {
			r.Errorf("the other has %v", other)
		}
		if _, err := r.Current(); err != nil {
			r.Errorf("readers have no session: %v", err)
		}
		err := r.Ready(ended())
		if exit.CodeOf(err) != exit.NoFiles || err.Error() != "publishing the session: no space left" {
			r.Errorf("ready: %v", err)
		}
		if s := r.Status(); s.Publish != "no space left" || s.Failures != 0 {
			r.Errorf("status %+v", s)
		}
		r.pass(20 * time.Minute)
		if n := len(tried); n < 20 || n > 30 { // 1, 2, 4, … 60 s
			r.Errorf("%d tries in 20 minutes", n)
		}
		ready := make(chan error, 1)
		go func() { ready <- r.Ready(context.Background()) }()
		broken.Store(false)
		r.pass(mostWait + time.Second)
		if err := <-ready; err != nil || len(taken) != 1 || len(other) != 1 || r.Status().Publish != "" {
			r.Errorf("%v, it has %v, the other %v", err, taken, other)
		}
		r.pass(time.Hour)
		if n := r.sts.count(); len(taken) != n || len(other) != n {
			r.Errorf("%d sessions; it has %v, the other %v", n, taken, other)
		}
		if w := r.log.at(slog.LevelWarn); len(w) != 1 || !strings.HasPrefix(w[0].text, "publishing the session failed, trying again: no space left role=") {
			r.Errorf("warnings: %v", w)
		}
	})
}

// What a publisher missed it never gets: the next thing that it sees is the newest session, and that at once, not at the
// end of a minute's pause.
func TestPublisherGetsTheNewest(t *testing.T) {
	i := &issuer{life: time.Hour}
	var taken []string
	var at time.Time
	in(t, i, func(o *Options) {
		o.Publish = []func(chain.Session) error{func(s chain.Session) error {
			if i.count() < 3 {
				return errors.New("away")
			}
			if len(taken) == 0 {
				at = time.Now()
			}
			taken = different(taken, s)
			return nil
		}}
	}, func(r *rig) {
		r.pass(61 * time.Minute)
		if i.count() < 3 || len(taken) != 1 || taken[0] != session(3, at).AccessKeyID || !at.Equal(i.calls[2]) {
			r.Errorf("got %v at %v of sessions at %v", taken, at, i.calls)
		}
	})
}

// A publisher may ask the Keeper, and a slow one keeps no reader waiting.
func TestPublisherAndReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k *Keeper
		i := &issuer{life: time.Hour}
		k = New(Options{Role: role, Get: i.get, Publish: []func(chain.Session) error{func(s chain.Session) error {
			if now, err := k.Current(); now != s || err != nil {
				t.Errorf("got %v, %v", now, err)
			}
			time.Sleep(5 * time.Second)
			return nil
		}}})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go k.Run(ctx)
		synctest.Wait()
		began := time.Now()
		if _, err := k.Wait(ctx); err != nil || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := k.Ready(ctx); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("ready: %v after %v", err, time.Since(began))
		}
	})
}

// What was published and got lost is published again before long, and a publisher that works no more is told of.
func TestPublishedAgain(t *testing.T) {
	there, broken := false, false
	in(t, &issuer{life: time.Hour}, func(o *Options) {
		o.Publish = []func(chain.Session) error{func(chain.Session) error {
			if broken {
				return errors.New("read-only")
			}
			there = true
			return nil
		}}
	}, func(r *rig) {
		there = false
		if r.pass(mostSleep); !there {
			r.Error("it is not back")
		}
		broken = true
		if r.pass(mostSleep); r.Status().Publish != "read-only" {
			r.Errorf("status %+v", r.Status())
		}
		broken, there = false, false
		if r.pass(mostSleep); !there || r.Status().Publish != "" {
			r.Errorf("status %+v, there: %v", r.Status(), there)
		}
	})
}

// Who waited in vain is told why there is nothing now, not why there was nothing when the wait began.
func TestReasonAtTheEndOfAWait(t *testing.T) {
	i := &issuer{life: time.Hour, err: errDown}
	var late atomic.Pointer[error]
	reason := func(text string) { err := errors.New(text); late.Store(&err) }
	reason("first reason")
	in(t, i, func(o *Options) {
		o.Publish = []func(chain.Session) error{func(chain.Session) error { return *late.Load() }}
	}, func(r *rig) {
		d := NewOnDemand(Options{Get: i.get})
		waits := map[string]func(context.Context) error{
			"Wait":          func(ctx context.Context) error { _, err := r.Wait(ctx); return err },
			"Ready":         r.Ready,
			"OnDemand.Wait": func(ctx context.Context) error { _, err := d.Wait(ctx); return err },
		}
		told := map[string]error{}
		var all sync.WaitGroup
		for name, wait := range waits {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
				defer cancel()
				err := wait(ctx)
				r.mu.Lock()
				defer r.mu.Unlock()
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
		time.AfterFunc(time.Minute, func() { reason("second reason") })
		if err := r.Ready(ctx); err == nil || !strings.Contains(err.Error(), "second reason") {
			r.Errorf("ready: %v", err)
		}
	})
}
