package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rolechain/internal/chain"
)

func TestAWeek(t *testing.T) {
	const days = 7
	in(t, &issuer{life: time.Hour, takes: time.Second}, nil, func(r *rig) {
		r.pass(2 * time.Second)
		r.watch(days*24*time.Hour, 20*time.Second, 30*time.Minute-2*time.Second)
		// 48 a day would be every 30 minutes sharp, 60 every 24.
		if n := r.sts.count(); n < 48*days || n > 61*days {
			r.Errorf("%d calls in %d days", n, days)
		}
		lines := r.log.at(slog.LevelInfo)
		if n := len(lines); n != r.sts.count() {
			r.Errorf("%d lines for %d refreshes", n, r.sts.count())
		}
		if want := "session refreshed role=" + role + " key=…0002 expires="; !strings.HasPrefix(lines[1].text, want) || !strings.HasSuffix(lines[1].text, " failures=0") {
			r.Errorf("got  %s\nwant %s…", lines[1].text, want)
		}
		first := lines[0]
		if want := "first session role=" + role + " key=…0001 expires=2000-01-01T01:00:01Z took=1s"; first.text != want {
			r.Errorf("got  %s\nwant %s", first.text, want)
		}
	})
}

func TestOtherLengths(t *testing.T) {
	for _, test := range []struct {
		life, least time.Duration
		min, max    int // calls an hour
	}{
		{20 * time.Minute, 15*time.Minute - time.Second, 12, 17},
		{15 * time.Minute, 7*time.Minute + 29*time.Second, 8, 11},
		{20 * time.Second, 9 * time.Second, 360, 480},
		{3 * time.Second, time.Second, 2400, 5200}, // a session of 2 to 3 s, since its expiry has whole seconds
	} {
		t.Run(test.life.String(), func(t *testing.T) {
			in(t, &issuer{life: test.life}, nil, func(r *rig) {
				r.watch(time.Hour, min(test.life/40, time.Second), test.least)
				if n := r.sts.count(); n < test.min || n > test.max {
					r.Errorf("%d calls in an hour", n)
				}
			})
		})
	}
}

func TestCredentialsFromThePast(t *testing.T) {
	in(t, &issuer{life: time.Hour}, nil, func(r *rig) {
		first, _ := r.Current()
		r.sts.lasts(-time.Hour)
		r.pass(40 * time.Minute)
		if s, err := r.Current(); s != first {
			r.Errorf("got %v, %v", s, err)
		}
		if s := r.Status(); s.Failures == 0 || !strings.Contains(s.Error, "the session ended at") {
			r.Errorf("status %+v", s)
		}
		r.sts.lasts(time.Hour)
		r.pass(time.Minute)
		if s, err := r.Current(); s == first || err != nil {
			r.Errorf("got %v, %v", s, err)
		}
	})
}

func TestEmptyCredentials(t *testing.T) {
	in(t, &issuer{}, func(o *Options) {
		o.Get = func(context.Context, chain.Session) (chain.Session, error) {
			return chain.Session{Expires: time.Now().Add(time.Hour)}, nil
		}
	}, func(r *rig) {
		if s, err := r.Current(); err == nil || !strings.Contains(err.Error(), "no keys") {
			r.Errorf("got %v, %v", s, err)
		}
	})
}

// A try that hangs is over after 10 s, and one that hangs does not keep Run from ending.
func TestHang(t *testing.T) {
	in(t, &issuer{life: time.Hour, takes: time.Hour}, nil, func(r *rig) {
		r.pass(11 * time.Second)
		if s := r.Status(); s.Failures != 1 || !strings.Contains(s.Error, "deadline") {
			r.Errorf("status %+v", s)
		}
		r.pass(5 * time.Second)
		failures, stopped := r.Status().Failures, time.Now()
		r.stop()
		if took := time.Since(stopped); took > 0 || r.Status().Failures != failures {
			r.Errorf("it took %v to stop; %d failures, then %d", took, failures, r.Status().Failures)
		}
	})
}

func TestWait(t *testing.T) {
	in(t, &issuer{life: time.Hour, err: errDown}, nil, func(r *rig) {
		soon, cancel := context.WithTimeout(r.Context(), 25*time.Second)
		defer cancel()
		_, err := r.Wait(soon)
		var e *chain.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "there is no session for "+role+" yet: second hop") {
			r.Errorf("got %v", err)
		}
		got := make(chan chain.Session, 100)
		for range cap(got) {
			go func() {
				s, _ := r.Wait(context.Background())
				got <- s
			}()
		}
		r.sts.fail(nil)
		for range cap(got) {
			if s := <-got; s.AccessKeyID == "" || s != <-waited(r) {
				r.Errorf("got %v", s)
			}
		}
		cancel()
		if s, err := r.Wait(soon); err != nil || s.AccessKeyID == "" {
			r.Errorf("there is a session, but with a context that has ended: %v", err)
		}
	})
}

func waited(r *rig) <-chan chain.Session {
	c := make(chan chain.Session, 1)
	s, _ := r.Wait(context.Background())
	c <- s
	return c
}

func TestStatus(t *testing.T) {
	in(t, &issuer{life: time.Hour, err: errDown}, nil, func(r *rig) {
		r.stop()
		next := r.Status().Next.Format(time.RFC3339)
		r.wantStatus(`{"role":"` + role + `","next_refresh":"` + next + `","failures":1,"last_error":"` + errDown.Error() + `"}`)
	})
	in(t, &issuer{life: time.Hour}, nil, func(r *rig) {
		next := r.Status().Next.Format(time.RFC3339)
		r.wantStatus(`{"role":"` + role + `","key":"…0001","expires":"2000-01-01T01:00:00Z","last_refresh":"2000-01-01T00:00:00Z","next_refresh":"` + next + `","failures":0}`)
	})
}

func (r *rig) wantStatus(want string) {
	r.Helper()
	got, err := json.Marshal(r.Status())
	if err != nil || string(got) != want {
		r.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

// Nothing that is logged or told has a secret in it, whatever goes wrong.
func TestNoSecrets(t *testing.T) {
	var out bytes.Buffer
	in(t, &issuer{life: time.Hour}, func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		to(Publisher{"file", func(chain.Session) error { return errors.New("disk full") }})(o)
	}, func(r *rig) {
		r.pass(time.Hour)
		r.sts.fail(errDown)
		r.pass(2 * time.Hour)
		r.stop()
		_, err := r.Current()
		fmt.Fprintf(&out, "%+v %v", r.Status(), err)
	})
	text, _ := io.ReadAll(&out)
	for _, secret := range []string{"secret-", "token-", "ASIA"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
	if n := bytes.Count(text, []byte("\n")); n < 20 {
		t.Errorf("only %d lines", n)
	}
}
