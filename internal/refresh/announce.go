package refresh

import (
	"time"

	"rolechain/internal/chain"
)

// Announced returns the end of a session as a credential process says it. Some SDKs ask a process again only at the very end
// (Go at 0 s, Java 15 s before), so what they sign last, such as an IAM token of MSK or RDS, which is good for 15 minutes,
// would die with the session although a newer one was there for half an hour. So while STS answers it is 15 minutes before
// the true end, by which time there is a newer session.
//
// Of a shorter session it is a quarter of the life, or less: botocore asks on every use from 15 minutes before the
// announced end on, and must not do so for more than half of the time until the refresh. When STS does not answer it is the
// true end, so that the session is used for as long as it can be, and so it is when the earlier one has passed.
func Announced(now time.Time, s State) time.Time {
	life, age := s.life(), refreshAge(s.life())
	early := min(margin, life/4)
	if room := life - margin - age/2; room > 0 {
		early = min(early, room)
	}
	end := s.Expires.Add(-early).Truncate(time.Second) // as all SDKs read it
	overdue := now.After(s.Issued.Add(age + attemptTimeout))
	if s.Failures > 0 || overdue || !end.After(now) {
		return s.Expires
	}
	return end
}

// Announced is Announced for the session s; of one that is not held any more it is the true end.
func (k *Keeper) Announced(s chain.Session) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s != k.session {
		return s.Expires
	}
	return Announced(k.now(), k.state)
}
