package supervise

import "time"

// What a worker must live for to count as no failure, and the longest wait before the next: together with the start of a
// process it is back within a second, which is what the least patient SDK gives an endpoint (JavaScript).
const (
	settled  = time.Second
	maxDelay = 800 * time.Millisecond
)

// A backoff says how long to wait before a worker is started again.
type backoff struct{ quick int } // deaths in a row, each within a second of the start

// next returns 0 for a worker that lived for a second. For those in a row that did not, and for starts that failed: 0, 100 ms,
// 200 ms, 400 ms, and 800 ms from then on.
func (b *backoff) next(lived time.Duration) time.Duration {
	if lived >= settled {
		b.quick = 0
		return 0
	}
	if b.quick = min(b.quick+1, 5); b.quick == 1 {
		return 0
	}
	return min(100*time.Millisecond<<(b.quick-2), maxDelay)
}
