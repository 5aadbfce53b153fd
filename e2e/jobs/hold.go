package jobs

import (
	"sync"
	"time"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// Ends is how often a job is made to wait until every session has ended: with the first, it works with at least one more
// session than that.
const Ends = 5

// A Hold makes a job last longer than its sessions: it has the gate hold some answers back until every session that there
// is has ended, so that what comes next needs new ones. Waiting for the end, and not for some time, it does not depend on
// how fast the machine is.
type Hold struct {
	Times int // how often

	group  func(s3test.Entry) string // requests of one group are held once; "" never is
	latest func() time.Time          // when the last of the sessions ends that there are now

	mu    sync.Mutex
	held  map[string]bool
	end   time.Time // of the last one
	count int
}

// until says when to answer a request; zero is now. Requests that come during a hold wait for its end too.
func (h *Hold) until(e s3test.Entry) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	group := h.group(e)
	if group == "" {
		return time.Time{}
	}
	if time.Now().Before(h.end) {
		return h.end
	}
	if h.held[group] || h.count == h.Times {
		return time.Time{}
	}
	if h.held == nil {
		h.held = map[string]bool{}
	}
	h.held[group] = true
	h.count++
	h.end = h.latest().Add(time.Second) // an end is a whole second; one more leaves no doubt
	return h.end
}

// latestEnd is when the last of the sessions ends that a server has given out.
func latestEnd(sts *ststest.Server) func() time.Time {
	return func() (latest time.Time) {
		for _, e := range sts.Journal() {
			if e.Expires != nil && e.Expires.After(latest) {
				latest = *e.Expires
			}
		}
		return latest
	}
}

// ended is how many holds there were.
func (h *Hold) ended() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}
