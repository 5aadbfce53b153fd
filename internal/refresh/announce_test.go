package refresh

import (
	"testing"
	"time"
)

func TestAnnounced(t *testing.T) {
	failing := func(s State) State { s.Failures = 1; return s }
	for _, test := range []struct {
		name string
		age  time.Duration
		s    State
		want time.Duration // before the true end
	}{
		{"an hour", 0, held(time.Hour), 15 * time.Minute},
		{"an hour, due for its refresh", 30 * time.Minute, held(time.Hour), 15 * time.Minute},
		{"an hour, by STS's whole seconds", 0, held(time.Hour - 400*time.Millisecond), 15*time.Minute + 600*time.Millisecond},
		{"twelve hours", 0, State{Issued: noon, Expires: noon.Add(12 * time.Hour), MaxLife: 12 * time.Hour}, 15 * time.Minute},
		{"45 minutes", 0, held(45 * time.Minute), 11*time.Minute + 15*time.Second},
		{"30 minutes", 0, held(30 * time.Minute), 7*time.Minute + 30*time.Second},
		{"20 minutes", 0, held(20 * time.Minute), 150 * time.Second},
		{"15 minutes", 0, held(15 * time.Minute), 225 * time.Second},
		{"20 seconds", 0, held(20 * time.Second), 5 * time.Second},
		{"one second", 0, held(time.Second), 0},
		{"STS is away", 20 * time.Minute, failing(held(time.Hour)), 0},
		{"the last try hangs, or a successor has not tried yet", 31 * time.Minute, held(time.Hour), 0},
		{"nearly over", 59 * time.Minute, held(time.Hour), 0},
		{"over", 2 * time.Hour, held(time.Hour), 0},
	} {
		if got := test.s.Expires.Sub(Announced(noon.Add(test.age), test.s)); got != test.want {
			t.Errorf("%s: announced %v early, want %v", test.name, got, test.want)
		}
	}
}

// botocore asks on every use when less than 15 minutes are left. For a session that is refreshed with at least that much
// left, it must not do so for more than half of the time until the refresh, and not at all for one of an hour.
func TestAnnouncedLeavesBotocoreInPeace(t *testing.T) {
	for life := 20 * time.Minute; life <= time.Hour; life += time.Minute {
		quiet := Announced(noon, held(life)).Sub(noon) - margin
		if age := refreshAge(life); quiet < age/2 || life == time.Hour && quiet < age {
			t.Errorf("%v: botocore asks on every use from %v on, the refresh is at %v", life, quiet, age)
		}
	}
}

// A process is asked again by its SDK so long before the end that it announced.
type asker struct {
	*rig
	early     time.Duration
	announced time.Time
	end       time.Time // the true one
}

// sign signs with what the SDK has, and returns for how long the session is still good.
func (a *asker) sign() time.Duration {
	a.Helper()
	if time.Until(a.announced) <= a.early {
		s, err := a.Current()
		if err != nil {
			a.Fatal(err)
		}
		a.announced, a.end = a.Announced(s), s.Expires
	}
	return time.Until(a.end)
}

// Three hours of tokens that are good for 15 minutes: none is signed with a session that has less than 14 left, whatever the
// SDK. In an outage the old session is used to its true end.
func TestTokensOutliveNoSession(t *testing.T) {
	for name, early := range map[string]time.Duration{"Go": 0, "Java": 15 * time.Second, "JavaScript": 5 * time.Minute, "botocore": 15 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			in(t, &issuer{life: time.Hour, takes: time.Second}, nil, func(r *rig) {
				r.pass(2 * time.Second)
				a := &asker{rig: r, early: early}
				for range 3 * 60 * 60 {
					if left := a.sign(); left < 14*time.Minute {
						r.Fatalf("after %v a token is signed with a session that has %v left", time.Since(r.began), left)
					}
					r.pass(time.Second)
				}

				r.sts.fail(errDown)
				last := time.Duration(0)
				for s, err := r.Current(); err == nil; s, err = r.Current() {
					if last = a.sign(); last <= 0 {
						r.Fatalf("the SDK's session has ended, the one that is held has %v left", s.Left())
					}
					r.pass(time.Second)
				}
				if last > time.Second {
					r.Errorf("the last token was signed %v before the session's true end", last)
				}
				r.sts.fail(nil)
				r.pass(retryMax + 2*time.Second)
				for range 60 * 60 {
					if left := a.sign(); left < 14*time.Minute {
						r.Fatalf("after the outage a token is signed with a session that has %v left", left)
					}
					r.pass(time.Second)
				}
			})
		})
	}
}
