package refresh

import (
	"math/rand/v2"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func held(life time.Duration) State { return State{Issued: noon, Expires: noon.Add(life)} }

func TestNextAfterSuccess(t *testing.T) {
	for _, test := range []struct {
		life             time.Duration
		earliest, latest time.Duration // age at the refresh
	}{
		{time.Hour, 24 * time.Minute, 30 * time.Minute},
		{time.Hour - 400*time.Millisecond, 24*time.Minute - 160*time.Millisecond, 30*time.Minute - 200*time.Millisecond}, // as STS's whole seconds make it
		{45 * time.Minute, 18 * time.Minute, 22*time.Minute + 30*time.Second},
		{20 * time.Minute, 4 * time.Minute, 5 * time.Minute},                  // the margin decides
		{18*time.Minute + 45*time.Second, 3 * time.Minute, 225 * time.Second}, // for the last time
		{19*time.Minute + 59*time.Second, 239200 * time.Millisecond, 299 * time.Second},
		{15 * time.Minute, 6 * time.Minute, 450 * time.Second}, // too short for it
		{20 * time.Second, 8 * time.Second, 10 * time.Second},
		{time.Second, 400 * time.Millisecond, 500 * time.Millisecond},
		{100 * time.Millisecond, 200 * time.Millisecond, 250 * time.Millisecond}, // a clock fast by almost an hour
		{3 * time.Hour, 24 * time.Minute, 30 * time.Minute},                      // issued while the clock was slow by two
	} {
		s := held(test.life)
		late, early := Next(noon, s, 0).Sub(noon), Next(noon, s, 1).Sub(noon)
		if late != test.latest || early != test.earliest {
			t.Errorf("life %v: refreshed at %v to %v, want %v to %v", test.life, early, late, test.earliest, test.latest)
		}
		if test.life >= 19*time.Minute && test.life-late < margin {
			t.Errorf("life %v: only %v left", test.life, test.life-late)
		}
	}
}

// The first refresh is anywhere between a sixth and a half of the life, and never with less than 15 minutes left.
func TestNextAfterTheFirstSession(t *testing.T) {
	for _, test := range []struct{ life, earliest, latest time.Duration }{
		{time.Hour, 10 * time.Minute, 30 * time.Minute},
		{30 * time.Minute, 5 * time.Minute, 15 * time.Minute},
		{20 * time.Minute, 200 * time.Second, 5 * time.Minute},
		{15 * time.Minute, 150 * time.Second, 450 * time.Second},
		{24 * time.Second, 4 * time.Second, 12 * time.Second},
		{100 * time.Millisecond, minWait, minWait},
	} {
		s := held(test.life)
		s.First = true
		late, middle, early := Next(noon, s, 0).Sub(noon), Next(noon, s, 0.5).Sub(noon), Next(noon, s, 1).Sub(noon)
		if late != test.latest || early.Round(time.Microsecond) != test.earliest || middle.Round(time.Microsecond) != (test.latest+test.earliest)/2 {
			t.Errorf("life %v: refreshed at %v to %v, in the middle at %v, want %v to %v", test.life, early, late, middle, test.earliest, test.latest)
		}
	}
}

// A session that may live for longer than an hour is refreshed at half of that; one that seems to live longer than it may is not
// believed.
func TestMaxLife(t *testing.T) {
	s := held(12 * time.Hour)
	s.MaxLife = 12 * time.Hour
	if got := Next(noon, s, 0).Sub(noon); got != 6*time.Hour {
		t.Errorf("12 hours: refreshed at %v", got)
	}
	s.MaxLife = time.Hour
	if got := Next(noon, s, 0).Sub(noon); got != 30*time.Minute {
		t.Errorf("12 hours of one: refreshed at %v", got)
	}
}

func TestNextByTheClock(t *testing.T) {
	for _, test := range []struct {
		name string
		now  time.Duration // since the session came, by a clock that jumps
		s    State
		want time.Duration // from now
	}{
		{"no session", 0, State{}, 0},
		{"half way there", 10 * time.Minute, held(time.Hour), 20 * time.Minute},
		{"due", 30 * time.Minute, held(time.Hour), 0},
		{"woken from suspension", 31 * time.Minute, held(time.Hour), 0},
		{"woken long after the end", 100 * time.Hour, held(time.Hour), 0},
		{"set back a little", -time.Minute, held(time.Hour), 30 * time.Minute},
		{"set back by years", -50000 * time.Hour, held(time.Hour), 30 * time.Minute},
		{"expiry before it came", 0, held(-time.Hour), minWait},
	} {
		now := noon.Add(test.now)
		if got := Next(now, test.s, 0).Sub(now); got != test.want {
			t.Errorf("%s: in %v, want in %v", test.name, got, test.want)
		}
	}
}

func TestNextAfterFailure(t *testing.T) {
	hour, brief, none := held(time.Hour), held(20*time.Second), State{}
	for _, test := range []struct {
		name     string
		s        State
		age      time.Duration
		denied   bool
		failures []int
		bounds   []time.Duration
	}{
		{"at first", none, 0, false, []int{1, 2, 3, 4, 6, 7, 8, 1000}, []time.Duration{1, 2, 4, 8, 32, 60, 60, 60}},
		{"an hour's session", hour, 31 * time.Minute, false, []int{1, 2, 6, 7, 1000}, []time.Duration{1, 2, 32, 60, 60}},
		{"near its end", hour, 59 * time.Minute, false, []int{7, 1000}, []time.Duration{60, 60}},
		{"after its end", hour, 5 * time.Hour, false, []int{7, 1000}, []time.Duration{60, 60}},
		{"denied at first", none, 0, true, []int{1, 2, 8, 9, 10, 1000}, []time.Duration{1, 2, 128, 256, 300, 300}},
		{"denied", hour, 31 * time.Minute, true, []int{1, 9, 10, 1000}, []time.Duration{1, 256, 300, 300}},
		{"denied near the end", hour, 46 * time.Minute, true, []int{1, 10, 1000}, []time.Duration{1, 60, 60}},
		{"denied at the last moment of that", hour, 45 * time.Minute, true, []int{10}, []time.Duration{60}},
		{"denied at the end", hour, time.Hour, true, []int{10}, []time.Duration{300}},
		{"denied after the end", hour, 24 * time.Hour, true, []int{10}, []time.Duration{300}},
		{"a short session", brief, 10 * time.Second, false, []int{1, 2, 3, 1000}, []time.Duration{1, 2, 2, 2}},
		{"a short session, denied", brief, 10 * time.Second, true, []int{1, 2, 3, 1000}, []time.Duration{1, 2, 2, 2}},
	} {
		for i, failures := range test.failures {
			test.s.Failures, test.s.Denied = failures, test.denied
			now, bound := noon.Add(test.age), test.bounds[i]*time.Second
			if got := Next(now, test.s, 0); !got.Equal(now) {
				t.Errorf("%s, failure %d: the jitter begins at %v", test.name, failures, got.Sub(now))
			}
			if got := Next(now, test.s, 0.5).Sub(now); got != bound/2 {
				t.Errorf("%s, failure %d: half way at %v, want %v", test.name, failures, got, bound/2)
			}
		}
	}
	fast := held(10 * time.Millisecond)
	fast.Failures = 9
	if got := Next(noon, fast, 0.5).Sub(noon); got != minWait/2 {
		t.Errorf("a session of 10 ms: %v", got)
	}
}

// Whatever the clocks did, the next try is neither in the past nor far away, and nothing overflows.
func TestNextIsNear(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	span := func() time.Duration { return time.Duration(random.Int64N(int64(400000*time.Hour))) - 200000*time.Hour }
	for range 100_000 {
		now := noon.Add(span())
		s := State{Issued: now.Add(span()), Expires: now.Add(span()), Failures: random.IntN(3) * random.IntN(1<<20), Denied: random.IntN(2) == 0, First: random.IntN(2) == 0}
		if wait := Next(now, s, random.Float64()).Sub(now); wait < 0 || wait > 30*time.Minute {
			t.Fatalf("%+v at %v: in %v", s, now, wait)
		}
	}
}

// A short session that cannot be renewed sees several tries before its end, nearly always.
func TestShortSessionSeesSeveralTries(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	few := 0
	for range 1000 {
		s := held(20 * time.Second)
		now, tries := Next(noon, s, random.Float64()), 0
		for now.Before(s.Expires) {
			tries++
			s.Failures++
			now = Next(now, s, random.Float64())
		}
		if tries < 6 {
			few++
		}
	}
	if few > 10 {
		t.Errorf("%d of 1000 sessions ended after fewer than 6 tries", few)
	}
}
