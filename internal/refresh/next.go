package refresh

import "time"

const (
	// margin is the minimum that a session has left while STS answers. SDKs ask again from 15 minutes before the expiry
	// on (botocore on every use), and one that still held the old session then would get the same one again.
	margin = 15 * time.Minute

	// jitter is the part of the time until a refresh that is left out at random, so that pods whose refreshes fall together
	// drift apart by up to 6 minutes in every half hour.
	jitter = 0.2

	// firstAge is the earliest age of a first session at its refresh, as a part of its life. Pods that start together part
	// at once when their first refresh is anywhere between this and the half. With the jitter alone 20,000 pods that start
	// within 30 s peak at 3.4 times the mean for hours; with this at less than 1.5 from the second hour on (docs/scale.md).
	firstAge = 1. / 6

	// maxLife is AWS's cap on a session that was got with another role's session. A session that seems to be longer was
	// issued while this clock was slow.
	maxLife = time.Hour

	retryStart  = time.Second     // bound of the wait after the first failure; each further failure doubles it
	retryMax    = time.Minute     // bound of the wait when what failed may pass by itself
	retryDenied = 5 * time.Minute // bound when it will not: a person has to change a policy, and hundreds of pods ask

	// minWait is the shortest wait for a refresh, and the lowest bound after a failure: a clock that is fast by almost an
	// hour makes every session look as if it had been handed out for its last moment.
	minWait = time.Second / 4
)

// State is what the time of the next try follows from.
type State struct {
	Issued  time.Time     // when the session that is held came, by this clock; zero means that there is none yet
	Expires time.Time     // of that session
	MaxLife time.Duration // a session that seems to be longer counts as one of this length; 0 means an hour
	First   bool          // no other session was held before it

	Failures int  // tries that failed since it came
	Denied   bool // the last of them was refused for a reason that does not pass by itself
}

// Next returns when to try next. random is in [0, 1).
//
// After a success that is at half of the session's life, less up to 20 % of that time; for the first session it is
// anywhere between a sixth and a half of the life. It is never later than 15 minutes before the expiry. A session too
// short for such a margin, one of less than 18¾ minutes, is refreshed at half its life as well: STS may hand out less
// than it was asked for.
//
// After a failure it is anything up to 1 s, then 2 s, 4 s, up to 60 s, or up to 5 minutes after a refusal as long as the
// session has more than 15 minutes left, or none: full jitter, which keeps the calls of many pods apart (AWS
// Architecture Blog, "Exponential Backoff And Jitter"). No bound is more than a tenth of the session's life, so that the
// second half of a short one sees several tries.
//
// The result is never further away than half of MaxLife, whatever happened to the clock since the session came.
func Next(now time.Time, s State, random float64) time.Time {
	switch {
	case s.Failures > 0:
		return now.Add(retryWait(now, s, random))
	case s.Issued.IsZero():
		return now
	}
	latest := max(minWait, refreshAge(s.life()))
	earliest := part(latest, 1-jitter)
	if s.First {
		earliest = max(minWait, part(s.life(), firstAge))
	}
	// A clock that went back makes the session look younger than it is, or not issued yet.
	due := earlier(s.Issued, now).Add(latest - part(latest-earliest, random))
	return later(now, due)
}

// life returns how long the session is good for in all; of one that is not there yet it is the maximum.
func (s State) life() time.Duration {
	longest := s.MaxLife
	if longest == 0 {
		longest = maxLife
	}
	if s.Issued.IsZero() {
		return longest
	}
	return max(0, min(longest, s.Expires.Sub(s.Issued)))
}

// refreshAge is the latest good age for a refresh of a session that lives so long.
func refreshAge(life time.Duration) time.Duration {
	// Below a fifth of the life the margin would make a call every few minutes or seconds, so it is given up. This is at
	// 18¾ minutes, a length that nobody sets, because a session of 20 minutes is a second short when it comes.
	if age := life - margin; age >= life/5 {
		return min(life/2, age)
	}
	return life / 2
}

// retryWait is how long to wait after a failure.
func retryWait(now time.Time, s State, random float64) time.Duration {
	bound := retryMax
	if left := s.Expires.Sub(now); s.Denied && (left > margin || left <= 0) {
		bound = retryDenied
	}
	bound = max(minWait, min(bound, s.life()/10))
	return part(min(bound, retryStart<<min(s.Failures-1, 20)), random)
}

func part(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
