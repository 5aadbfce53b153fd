package refresh

import "time"

const (
	// margin is what a session has left, at the least, while STS answers. SDKs ask again from 15 minutes before the
	// expiry on (botocore on every use), and one that still holds the old session then would get the same again.
	margin = 15 * time.Minute

	// jitter is the part of the time until a refresh that is left out at random: pods that were started together go
	// apart by 6 minutes in the first half hour, and further with every round.
	jitter = 0.2

	// longest is AWS's cap on a session that was got with another role's session. A session that seems to be longer was
	// issued while this clock was slow.
	longest = time.Hour

	firstWait  = time.Second     // bound of the wait after the first failure; each further failure doubles it
	mostWait   = time.Minute     // bound of the wait when what failed may pass by itself
	deniedWait = 5 * time.Minute // bound when it will not: a person has to change a policy, and pods by the hundred ask

	// least is the shortest wait for a refresh, and the lowest bound after a failure: a clock that is fast by almost an
	// hour makes every session look as if it had been handed out for its last moment.
	least = time.Second / 4
)

// State is what the time of the next try follows from.
type State struct {
	Issued  time.Time // when the session that is held came, by this clock; zero means that there is none yet
	Expires time.Time // of that session

	Failures int  // tries that failed since it came
	Denied   bool // the last of them was refused for a reason that does not pass by itself
}

// Next returns when to try next. random is in [0, 1).
//
// After a success that is at half of the session's life, less up to 20 % of that time, and never later than 15 minutes
// before the expiry. A session too short for such a margin, one of less than 18¾ minutes, is refreshed at half its life
// as well: STS may hand out less than it was asked for.
//
// After a failure it is anything up to 1 s, then 2 s, 4 s, up to 60 s, or up to 5 minutes after a refusal as long as the
// session has more than 15 minutes left, or none: full jitter, which keeps the calls of many pods apart (AWS
// Architecture Blog, "Exponential Backoff And Jitter"). No bound is more than a tenth of the session's life, so that the
// second half of a short one sees several tries.
//
// The result is never further away than half an hour, whatever became of the clock since the session came.
func Next(now time.Time, s State, random float64) time.Time {
	life := longest
	if !s.Issued.IsZero() {
		life = max(0, min(longest, s.Expires.Sub(s.Issued)))
	}
	switch {
	case s.Failures > 0:
		return now.Add(backoff(now, s, life, random))
	case s.Issued.IsZero():
		return now
	}
	// A clock that went back makes the session look younger than it is, or not issued yet.
	due := earlier(s.Issued, now).Add(part(max(least, untilRefresh(life)), 1-jitter*random))
	return later(now, due)
}

// untilRefresh is the latest good age of a session for a refresh.
func untilRefresh(life time.Duration) time.Duration {
	// Below a fifth of the life the margin would make a call every few minutes or seconds, so it is given up. This is at
	// 18¾ minutes, a length that nobody sets, because a session of 20 minutes is a second short when it comes.
	if age := life - margin; age >= life/5 {
		return min(life/2, age)
	}
	return life / 2
}

// backoff is how long to wait after a failure.
func backoff(now time.Time, s State, life time.Duration, random float64) time.Duration {
	most := mostWait
	if left := s.Expires.Sub(now); s.Denied && (left > margin || left <= 0) {
		most = deniedWait
	}
	most = max(least, min(most, life/10))
	return part(min(most, firstWait<<min(s.Failures-1, 20)), random)
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
