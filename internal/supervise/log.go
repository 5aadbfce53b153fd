package supervise

import "time"

// calm is what a worker must have lived for, so that its death is news, and the longest time without a word.
const calm, maxSilence = time.Minute, 5 * time.Minute

// remarks limit what is said of deaths: a first one at once, then one after a second, two, four, and from then on one in
// five minutes; another reason within a second.
type remarks struct {
	cause   string
	said    time.Time
	silence time.Duration
	unsaid  int
}

// next reports whether to speak of a death now, and of how many nobody spoke.
func (r *remarks) next(cause string, now time.Time, lived time.Duration) (unsaid int, speak bool) {
	if lived >= calm {
		r.silence = 0
	}
	past := now.Sub(r.said)
	if r.silence > 0 && past < r.silence && (cause == r.cause || past < time.Second) {
		r.unsaid++
		return 0, false
	}
	unsaid, r.unsaid = r.unsaid, 0
	r.cause, r.said, r.silence = cause, now, min(max(time.Second, 2*r.silence), maxSilence)
	return unsaid, true
}
