package refresh

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rolechain/internal/chain"
)

// A wall is a wall clock that jumps, beside synctest's clock, which the timers follow.
type wall struct{ ahead atomic.Int64 }

func (w *wall) now() time.Time       { return time.Now().Add(time.Duration(w.ahead.Load())).Round(0) }
func (w *wall) jump(d time.Duration) { w.ahead.Add(int64(d)) }

// onWall is in with a wall clock: the issuer's is right all the time.
func onWall(t *testing.T, ahead time.Duration, test func(r *rig, w *wall)) {
	t.Helper()
	w := &wall{}
	w.jump(ahead)
	in(t, &issuer{life: time.Hour}, func(o *Options) { o.Now = w.now }, func(r *rig) { test(r, w) })
}

// A machine that slept, or whose clock was slow until now: there is a new session within 15 s of the loop's time.
func TestClockForward(t *testing.T) {
	onWall(t, -3*time.Hour, func(r *rig, w *wall) {
		calls := r.sts.count()
		r.pass(10 * time.Minute)
		w.jump(3 * time.Hour)
		r.pass(maxSleep + time.Second)
		if n := r.sts.count() - calls; n != 1 {
			r.Errorf("%d calls", n)
		}
	})
}

// A clock that was right and is set back: what was planned by it would come hours after the session's end.
func TestClockBack(t *testing.T) {
	for _, jump := range []time.Duration{-time.Minute, -time.Hour, -24 * time.Hour} {
		onWall(t, 0, func(r *rig, w *wall) {
			r.pass(10 * time.Minute)
			w.jump(jump)
			r.watch(24*time.Hour, time.Second, 30*time.Minute-2*time.Second)
		})
	}
}

// A clock that is wrong all the time, to either side: the true life is what counts.
func TestClockWrong(t *testing.T) {
	for _, ahead := range []time.Duration{-5 * time.Hour, -20 * time.Minute, 20 * time.Minute, 50 * time.Minute} {
		onWall(t, ahead, func(r *rig, w *wall) {
			calls := r.sts.count()
			r.watch(6*time.Hour, time.Second, 30*time.Minute-2*time.Second)
			if n := r.sts.count() - calls; n > 6*16 {
				r.Errorf("ahead by %v: %d calls in 6 hours", ahead, n)
			}
		})
	}
}

// Two times with a monotonic part are compared by it, and a jump of the wall clock would never be seen. No test above
// notices, since theirs have none.
func TestTimesAreTheWallClocks(t *testing.T) {
	k := New(Options{Session: session(1, time.Now().Add(time.Hour))}) // synctest's clock has no monotonic part
	for _, now := range []time.Time{k.now(), k.plan()} {
		if strings.Contains(now.String(), " m=") {
			t.Errorf("%v has a monotonic part", now)
		}
	}
}

func TestBeginWithASession(t *testing.T) {
	for _, test := range []struct {
		name         string
		left, age    time.Duration // age < 0: not known
		first        int           // the session that is served at first; 0: none
		early, later time.Duration // when the first call comes
	}{
		{"young", 55 * time.Minute, 5 * time.Minute, 99, 5 * time.Minute, 25 * time.Minute},
		{"old", 20 * time.Minute, 40 * time.Minute, 99, 0, 0},
		{"nearly over", 2 * time.Second, time.Hour, 99, 0, 0},
		{"age not known", 55 * time.Minute, -1, 99, 5 * time.Minute, 25 * time.Minute},
		{"short, age not known", 20 * time.Second, -1, 99, 0, 0},
		{"short", 18 * time.Second, 2 * time.Second, 99, time.Second, 8 * time.Second},
		{"over", -time.Second, 61 * time.Minute, 1, 0, 0},
		{"none", 0, -1, 1, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			published := 0
			in(t, &issuer{life: time.Hour, takes: time.Second, err: errDown}, func(o *Options) {
				to(Publisher{"file", func(chain.Session) error { published++; return nil }})(o)
				if test.left != 0 {
					o.Session = session(99, time.Now().Add(test.left))
				}
				if test.age >= 0 {
					o.Issued = time.Now().Add(-test.age)
				}
			}, func(r *rig) {
				s, err := r.Current()
				if served := err == nil; served != (test.first == 99) || served && s != session(99, s.Expires) || served && published > 1 {
					r.Errorf("served %v, %v, published %d times", s, err, published)
				}
				if ready := r.Ready(ended()) == nil; ready != (test.first == 99) {
					r.Errorf("ready: %v", ready)
				}
				r.pass(test.later + time.Second)
				if r.sts.count() == 0 {
					r.Fatal("no call")
				}
				if at := r.sts.call(0).Sub(r.began); at < test.early || at > test.later {
					r.Errorf("first call after %v", at)
				}
			})
		})
	}
}
