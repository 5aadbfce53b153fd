package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rolechain/internal/chain"
)

// STS is away for 25 minutes, from wherever in a session's life: nobody sees an ended session, and there is a new one
// within a minute after.
func TestOutage(t *testing.T) {
	for from := time.Minute; from < time.Hour; from += 7 * time.Minute {
		t.Run(from.String(), func(t *testing.T) {
			in(t, &issuer{life: time.Hour, takes: time.Second}, nil, func(r *rig) {
				r.pass(2 * time.Second)
				r.watch(from, time.Second, 29*time.Minute)
				r.sts.fail(errDown)
				tries := r.sts.count()
				// 30 minutes are left at least when a refresh begins, so 5 when the outage is over.
				r.watch(25*time.Minute, time.Second, 5*time.Minute-3*time.Second)
				if tries = r.sts.count() - tries; tries > 80 {
					r.Errorf("%d tries in the outage", tries)
				}
				r.sts.fail(nil)
				r.pass(time.Minute + 2*time.Second)
				r.watch(6*time.Hour, time.Second, 29*time.Minute)
			})
		})
	}
}

func TestOutageLongerThanTheSession(t *testing.T) {
	in(t, &issuer{life: time.Hour}, nil, func(r *rig) {
		r.sts.fail(errDown)
		r.watch(time.Hour-time.Second, time.Second, 0)
		r.pass(time.Second)
		_, err := r.Current()
		want := "the session for " + role + " ended at 2000-01-01T01:00:00Z: second hop (AssumeRole to " + role + "): connection refused"
		if err == nil || err.Error() != want || !errors.Is(err, error(errDown)) {
			r.Errorf("got  %v\nwant %s", err, want)
		}
		r.pass(5 * time.Hour)
		fresh := make(chan chain.Session)
		go func() {
			s, _ := r.Wait(context.Background())
			fresh <- s
		}()
		up := time.Now()
		r.sts.fail(nil)
		s := <-fresh
		if waited := time.Since(up); waited > time.Minute || s.Left() < time.Hour-time.Second {
			r.Errorf("%v after %v", s, waited)
		}
		r.watch(6*time.Hour, time.Second, 29*time.Minute)

		// What was said: failures 1, 2, 4, … 512, and each remark once, at its time.
		var remarks []string
		for _, l := range append(r.log.at(slog.LevelWarn), r.log.at(slog.LevelError)...) {
			if !strings.HasPrefix(l.text, "no new session") {
				text, attributes, _ := strings.Cut(l.text, " role=")
				if !strings.Contains(attributes, "connection refused") {
					r.Errorf("%q does not say why there is none", l.text)
				}
				remarks = append(remarks, fmt.Sprint(l.at.Sub(r.began), " ", l.level, " ", text))
			}
		}
		if got, want := strings.Join(remarks, "\n"), `45m0s WARN the session ends soon and there is no new one
55m0s ERROR the session is about to end and there is no new one
1h0m0s ERROR the session has ended and there is no new one: whatever needs it fails from now on`; got != want {
			r.Errorf("got\n%s", got)
		}
		if n := len(r.log.at(slog.LevelWarn)) - 1; n < 8 || n > 11 {
			r.Errorf("%d warnings of failures", n)
		}
	})
}

// Remarks of a short session come at the same parts of its life, and again for the next one.
func TestRemarksOfAShortSession(t *testing.T) {
	in(t, &issuer{life: 20 * time.Second}, nil, func(r *rig) {
		for range 2 {
			began := time.Now()
			s, _ := r.Current()
			r.sts.fail(errDown)
			r.pass(time.Minute)
			r.sts.fail(nil)
			r.pass(2 * time.Second)
			var got []string
			for _, l := range append(r.log.at(slog.LevelWarn), r.log.at(slog.LevelError)...) {
				if l.at.After(began) && !strings.HasPrefix(l.text, "no new session") {
					got = append(got, s.Expires.Sub(l.at).Round(time.Second/2).String())
				}
			}
			if fmt.Sprint(got) != "[5s 1.5s 0s]" {
				r.Errorf("remarks with %s left", got)
			}
		}
	})
}

func TestDeniedForADay(t *testing.T) {
	in(t, &issuer{life: time.Hour}, nil, func(r *rig) {
		r.sts.fail(errRefused)
		r.pass(24 * time.Hour)
		// Every 2½ minutes on average; passing trouble would be twice a minute.
		if n := r.sts.count(); n < 300 || n > 800 {
			r.Errorf("%d calls in a day", n)
		}
		r.sts.fail(nil)
		r.pass(5*time.Minute + time.Second)
		if _, err := r.Current(); err != nil {
			r.Errorf("allowed again: %v", err)
		}
		warned := r.log.at(slog.LevelWarn)
		if len(warned) < 8 || len(warned) > 13 || !strings.Contains(warned[0].text, "AccessDenied: no failures=1 left=") || !strings.HasSuffix(warned[0].text, " hint=look at the trust policy") {
			r.Errorf("%d warnings, the first %v", len(warned), warned[0])
		}
	})
}

func TestDeniedKinds(t *testing.T) {
	for kind, want := range map[chain.Kind]bool{chain.Transient: false, chain.NoToken: false, chain.Refused: true, chain.BadToken: true, chain.BadSpec: true} {
		if got := denied(fmt.Errorf("trying: %w", &chain.Error{Kind: kind})); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if denied(context.DeadlineExceeded) {
		t.Error("a deadline counts as a refusal")
	}
}

// An outage that turns into a refusal is named at once, with when the next try is, and so is the way back; two reasons that
// take turns do not fill the log.
func TestChangedReason(t *testing.T) {
	in(t, &issuer{life: time.Hour}, nil, func(r *rig) {
		fails := func(long time.Duration, err error, want string) {
			r.Helper()
			before := len(r.log.at(slog.LevelWarn))
			r.sts.fail(err)
			calls := r.sts.count()
			for r.sts.count() < calls+2 {
				r.pass(time.Second)
			}
			w := r.log.at(slog.LevelWarn)[before]
			next := " next=" + r.sts.call(calls+1).UTC().Format(time.RFC3339)
			if !w.at.Equal(r.sts.call(calls)) || !strings.HasPrefix(w.text, "no new session, trying again: second hop (AssumeRole to "+role+"): "+want) || !strings.Contains(w.text, next) {
				r.Errorf("said of the first try with %v, with%s: %v", err, next, w)
			}
			r.pass(long)
		}
		r.pass(30 * time.Minute)
		fails(3*time.Hour, errDown, "connection refused")
		fails(3*time.Hour, errRefused, "AccessDenied: no")
		fails(0, errDown, "connection refused")

		before := len(r.log.at(slog.LevelWarn))
		for range 4 * 60 {
			for _, err := range []error{errDown, errRefused} {
				r.sts.fail(err)
				calls := r.sts.count()
				for r.sts.count() == calls {
					r.pass(time.Second)
				}
			}
		}
		lines := len(r.log.at(slog.LevelWarn)) - before
		if hours := time.Since(r.began).Hours() - 6.5; float64(lines) > 13*hours || lines < 10 {
			r.Errorf("%d warnings in %.1f hours of two reasons by turns", lines, hours)
		}
	})
}

// What differs from one try to the next is not another reason.
func TestReasonOf(t *testing.T) {
	same := func(a, b string) bool { return reasonOf(errors.New(a)) == reasonOf(errors.New(b)) }
	if !same("read tcp 10.0.0.1:4711->10.0.0.2:443: reset by peer", "read tcp 10.0.0.1:4712->10.0.0.2:443: reset by peer") {
		t.Error("a port is taken for a reason")
	}
	if same("second hop: AccessDenied: not authorized to perform: sts:AssumeRole", "second hop: AccessDenied: not authorized to perform: sts:TagSession") {
		t.Error("two reasons are one")
	}
}

// A reason that goes on is logged at the first failure, the second, the fourth and so on, and once ten minutes have gone by
// while another one was in between.
func TestWorth(t *testing.T) {
	start := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	var r reasons
	var said []int
	for n := 1; n <= 64; n++ {
		if r.worth("throttled", n, start) {
			said = append(said, n)
		}
	}
	if want := []int{1, 2, 4, 8, 16, 32, 64}; !slices.Equal(said, want) {
		t.Errorf("of 64 failures in a row those are logged: %v, not %v", said, want)
	}
	if !r.worth("refused", 65, start) {
		t.Error("another reason is not logged")
	}
	if r.worth("throttled", 67, start.Add(repeatAfter-1)) {
		t.Error("the first reason is logged again too early")
	}
	if !r.worth("throttled", 67, start.Add(repeatAfter)) {
		t.Error("the first reason is not logged again after ten minutes")
	}
}
