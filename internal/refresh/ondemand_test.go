package refresh

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rolechain/internal/chain"
)

func onDemand(o *Options) { o.OnDemand, o.Profile = true, "team-b" }

// Nothing is tried for a role that nobody asks for. The first request starts it, and from then on it is kept fresh, also
// while nobody asks.
func TestOnDemand(t *testing.T) {
	file := &target{}
	in(t, &issuer{life: time.Hour, takes: time.Second}, func(o *Options) {
		onDemand(o)
		to(file.as("saved state"))(o)
	}, func(r *rig) {
		r.pass(3 * time.Hour)
		if s := r.Status(); r.sts.count() != 0 || file.count() != 0 || s != (Status{Role: role}) {
			r.Fatalf("%d calls for nobody, status %+v", r.sts.count(), s)
		}
		began := time.Now()
		got := make(chan error)
		for range 100 {
			go func() { _, err := r.Wait(context.Background()); got <- err }()
		}
		for range 100 {
			if err := <-got; err != nil || time.Since(began) != time.Second {
				r.Errorf("%v after %v", err, time.Since(began))
			}
		}
		r.watch(12*time.Hour, time.Second, 30*time.Minute-2*time.Second)
		if n := r.sts.count(); n < 24 || n > 32 || len(file.has()) != n {
			r.Errorf("%d calls in 12 hours, %d published", n, len(file.has()))
		}
		lines := r.log.at(slog.LevelInfo)
		if want := "first session profile=team-b role=" + role + " key=…0001 expires=2000-01-01T04:00:01Z took=1s"; lines[0].text != want {
			r.Errorf("got  %s\nwant %s", lines[0].text, want)
		}
	})
}

// A role that is refused is logged and in the status, not only told to whoever asks.
func TestOnDemandRefused(t *testing.T) {
	in(t, &issuer{life: time.Hour, err: errRefused}, onDemand, func(r *rig) {
		r.pass(time.Minute)
		if w := r.log.at(slog.LevelWarn); len(w) != 0 {
			r.Errorf("said for nobody: %v", w)
		}
		_, err := r.Wait(ended())
		if err == nil {
			r.Error("a session")
		}
		r.pass(time.Minute)
		w := r.log.at(slog.LevelWarn)
		if len(w) == 0 || !strings.HasPrefix(w[0].text, "no session yet, trying again: "+errRefused.Error()+" profile=team-b failures=1 next=2000-01-01T00:01:0") ||
			!strings.HasSuffix(w[0].text, " hint="+errRefused.Hint) {
			r.Errorf("said: %v", w)
		}
		if s := r.Status(); s.Error != errRefused.Error() || s.Failures == 0 {
			r.Errorf("status %+v", s)
		}
		calls := r.sts.count()
		r.pass(24 * time.Hour)
		if n := r.sts.count() - calls; n < 300 || n > 800 { // every 2½ minutes
			r.Errorf("%d calls in a day", n)
		}
	})
}

// One that a predecessor has left is served to who cannot wait, and the request starts its renewal.
func TestOnDemandBeginsWithASession(t *testing.T) {
	in(t, &issuer{life: time.Hour}, func(o *Options) {
		onDemand(o)
		o.Session, o.Issued = session(7, time.Now().Add(30*time.Minute)), time.Now().Add(-30*time.Minute)
	}, func(r *rig) {
		r.pass(10 * time.Minute)
		if s, err := r.Wait(ended()); err != nil || s != session(7, s.Expires) {
			r.Errorf("got %v, %v", s, err)
		}
		if r.pass(0); r.sts.count() != 1 {
			r.Errorf("%d calls", r.sts.count())
		}
	})
}

// What a predecessor or the start has left may be near its end by the time that somebody asks: whoever asks gets the new
// session instead, if it comes within the half second that any SDK has patience for, and fails in no case.
func TestOnDemandBeginsWithAnOldSession(t *testing.T) {
	for _, test := range []struct {
		name   string
		left   time.Duration // of the session to begin with, which was good for an hour
		takes  time.Duration // a try
		err    error         // of every try
		same   bool          // a try has the old session again, as EKS Pod Identity's agent may
		want   int           // session that the first request gets
		waited time.Duration // by the first request
		next   int           // session that a request right after the first one gets
	}{
		{"half of its life is left", 31 * time.Minute, 100 * time.Millisecond, nil, false, 7, 0, 7},
		{"less than half", 29 * time.Minute, 100 * time.Millisecond, nil, false, 1, 100 * time.Millisecond, 1},
		{"a second", time.Second, 100 * time.Millisecond, nil, false, 1, 100 * time.Millisecond, 1},
		{"STS is slow", 29 * time.Minute, 2 * time.Second, nil, false, 7, successorWait, 7},
		{"STS is down", 29 * time.Minute, 100 * time.Millisecond, errDown, false, 7, 100 * time.Millisecond, 7},
		{"STS hangs", 29 * time.Minute, time.Hour, nil, false, 7, successorWait, 7},
		{"the same one again", 29 * time.Minute, 100 * time.Millisecond, nil, true, 7, 100 * time.Millisecond, 7},
		{"ends while STS is slow", 400 * time.Millisecond, 450 * time.Millisecond, nil, false, 1, 450 * time.Millisecond, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			in(t, &issuer{life: time.Hour, takes: test.takes, err: test.err}, func(o *Options) {
				onDemand(o)
				old := session(7, time.Now().Add(test.left))
				old.Expires = time.Now().Add(test.left) // STS gives whole seconds, and this is about parts of one
				o.Session, o.Issued = old, time.Now().Add(test.left-time.Hour)
				if get := o.Get; test.same {
					o.Get = func(ctx context.Context, held chain.Session) (chain.Session, error) {
						_, err := get(ctx, held)
						return held, err
					}
				}
			}, func(r *rig) {
				ask := func(want int, waits time.Duration) {
					t.Helper()
					began := time.Now()
					s, err := r.Wait(context.Background())
					if err != nil || s.AccessKeyID != session(want, s.Expires).AccessKeyID {
						t.Errorf("got %v, %v, not session %d", s, err, want)
					}
					if took := time.Since(began); took != waits {
						t.Errorf("waited %v, not %v", took, waits)
					}
				}
				ask(test.want, test.waited)
				ask(test.next, 0)
			})
		})
	}
}

// The same for a session that a machine has slept through, or nearly: a request does not wait for the loop to notice.
func TestSleptThroughTheSession(t *testing.T) {
	for _, left := range []time.Duration{2 * time.Second, -time.Hour} {
		w := &wall{}
		in(t, &issuer{takes: 100 * time.Millisecond}, func(o *Options) {
			get := o.Get
			o.Now, o.Get = w.now, func(ctx context.Context, held chain.Session) (chain.Session, error) {
				s, err := get(ctx, held)
				s.Expires = w.now().Add(time.Hour)
				return s, err
			}
		}, func(r *rig) {
			r.pass(time.Minute)
			w.jump(59*time.Minute - left)
			began := time.Now()
			s, err := r.Wait(context.Background())
			if err != nil || s.AccessKeyID != session(2, s.Expires).AccessKeyID || time.Since(began) != 100*time.Millisecond {
				t.Errorf("%v left: got %v, %v after %v", left, s, err, time.Since(began))
			}
		})
	}
}

// A source with a session of its own, such as EKS Pod Identity's agent, may give the same one again. It is neither a
// failure nor a new session, and is asked for again in time.
func TestSameSessionAgain(t *testing.T) {
	calls := 0
	var s chain.Session
	in(t, &issuer{}, func(o *Options) {
		file := &target{}
		to(file.as("file"))(o)
		o.Get = func(_ context.Context, held chain.Session) (chain.Session, error) {
			if calls++; held != s {
				t.Errorf("held is %v, not %v", held, s)
			}
			if s.Left() < 10*time.Minute {
				s = session(calls, time.Now().Add(6*time.Hour))
			}
			return s, nil
		}
	}, func(r *rig) {
		r.watch(24*time.Hour, time.Second, 4*time.Minute)
		if calls < 48 || calls > 120 {
			r.Errorf("%d calls in a day", calls)
		}
		if n := len(r.log.at(slog.LevelInfo)); n < 4 || n > 5 {
			r.Errorf("%d lines for the sessions of a day", n)
		}
		if s := r.Status(); s.Failures != 0 || s.Error != "" {
			r.Errorf("status %+v", s)
		}
	})
}
