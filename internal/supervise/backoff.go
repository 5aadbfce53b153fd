package supervise

import "time"

// What a worker must live for to count as no failure, and the longest waits: for one that never got as far as to serve, and
// for one that did. Together with the start of a process it is back within a second. Whoever serves is back sooner: while
// the supervisor waits it is alone, and nobody would start it again.
const (
	settled   = time.Second
	maxDelay  = 800 * time.Millisecond
	maxServed = 100 * time.Millisecond
)

// A backoff says how long to wait before a worker is started again.
type backoff struct{ quick int } // deaths in a row, each within a second of the start

// next returns 0 for a worker that lived for a second. For those in a row that did not: 0, 100 ms, and, when they did not
// serve, 200 ms, 400 ms, and 800 ms from then on.
func (b *backoff) next(lived time.Duration, served bool) time.Duration {
	if lived >= settled {
		b.quick = 0
		return 0
	}
	b.quick = min(b.quick+1, 5)
	switch {
	case b.quick == 1:
		return 0
	case served:
		return maxServed
	}
	return min(100*time.Millisecond<<(b.quick-2), maxDelay)
}
