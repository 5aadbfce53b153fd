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

// One that a predecessor has left is served at once, and the request starts its renewal.
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
