package refresh

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
)

func onDemand(t *testing.T, i *issuer, test func(t *testing.T, d *OnDemand)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, NewOnDemand(Options{Get: i.get}))
		time.Sleep(time.Hour) // for a try that still runs
	})
}

// ask asks, and checks how long that took and which session came; 0 is none.
func ask(t *testing.T, d *OnDemand, patience, took time.Duration, want int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	s, err := d.Wait(ctx)
	if d := time.Since(began); d != took || (err == nil) != (want > 0) || want > 0 && s != session(want, s.Expires) {
		t.Errorf("after %v: %v, %v; want %d after %v", d, s, err, want, took)
	}
	return err
}

func TestOnDemand(t *testing.T) {
	i := &issuer{life: time.Hour, takes: time.Second}
	onDemand(t, i, func(t *testing.T, d *OnDemand) {
		if time.Sleep(time.Hour); i.count() != 0 {
			t.Error("asked for nobody")
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { ask(t, d, time.Minute, time.Second, 1) })
		}
		all.Wait()
		time.Sleep(45*time.Minute - 2*time.Second)
		ask(t, d, time.Minute, 0, 1)
		if i.count() != 1 {
			t.Fatalf("%d calls", i.count())
		}
		time.Sleep(3 * time.Second) // less than 15 minutes left: the old one, since the new one takes a second
		ask(t, d, time.Minute, renewalWait, 1)
		time.Sleep(time.Second)
		ask(t, d, time.Minute, 0, 2)

		time.Sleep(50 * time.Minute)
		i.slow(renewalWait / 2)
		ask(t, d, time.Minute, renewalWait/2, 3)

		time.Sleep(2 * time.Hour)
		ask(t, d, time.Minute, renewalWait/2, 4)
	})
}

func TestOnDemandOutage(t *testing.T) {
	i := &issuer{life: time.Hour}
	onDemand(t, i, func(t *testing.T, d *OnDemand) {
		ask(t, d, time.Minute, 0, 1)
		i.slow(20 * time.Second) // a hanging STS
		i.fail(errDown)
		time.Sleep(46 * time.Minute)
		ask(t, d, time.Minute, renewalWait, 1)
		time.Sleep(10 * time.Second)
		for range 10 {
			ask(t, d, time.Minute, 0, 1) // known to fail: nobody waits for it
			time.Sleep(time.Minute)
		}
		time.Sleep(4 * time.Minute)
		calls := i.count()
		err := ask(t, d, 25*time.Second, 25*time.Second, 0)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the reason is %v", err) // of the tries, which hang
		}
		i.slow(0)
		time.Sleep(2 * time.Minute)
		if err := ask(t, d, 5*time.Minute, 5*time.Minute, 0); !errors.Is(err, error(errDown)) {
			t.Errorf("the reason is %v", err)
		}
		if n := i.count() - calls; n > 30 {
			t.Errorf("%d calls", n)
		}
		i.fail(nil)
		ctx, cancel := context.WithTimeout(t.Context(), mostWait)
		defer cancel()
		if _, err := d.Wait(ctx); err != nil {
			t.Error(err)
		}
	})
}

// chain.Base answers with the same session until less than 15 minutes are left of it: no call is made in between.
func TestOnDemandSameSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, s := 0, session(1, time.Now().Add(time.Hour))
		d := NewOnDemand(Options{Get: func(context.Context) (chain.Session, error) {
			calls++
			if s.Left() < margin {
				s = session(2, time.Now().Add(time.Hour))
			}
			return s, nil
		}})
		for minute := range 50 {
			want := 1
			if minute > 45 {
				want = 2
			}
			ask(t, d, time.Minute, 0, want)
			time.Sleep(time.Minute)
		}
		if calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
}

// One that a predecessor has left is served without a try; a new one is published once, and one that cannot be is served
// all the same.
func TestOnDemandBeginsAndPublishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour}
		old := session(7, time.Now().Add(30*time.Minute))
		var published []string
		d := NewOnDemand(Options{Get: i.get, Session: old, Issued: time.Now().Add(-30 * time.Minute), Publish: []func(chain.Session) error{
			func(s chain.Session) error { published = append(published, s.AccessKeyID); return errors.New("full") },
		}})
		ask(t, d, time.Minute, 0, 7)
		if i.count() != 0 || len(published) != 0 {
			t.Errorf("%d tries, published %v", i.count(), published)
		}
		time.Sleep(16 * time.Minute)
		ask(t, d, time.Minute, 0, 1)
		ask(t, d, time.Minute, 0, 1)
		if want := session(1, old.Expires).AccessKeyID; i.count() != 1 || len(published) != 1 || published[0] != want {
			t.Errorf("%d tries, published %v", i.count(), published)
		}
		if ended := NewOnDemand(Options{Get: i.get, Session: session(8, time.Now())}); ended.state != (State{}) {
			t.Error("begins with a session that has ended")
		}
	})
}
