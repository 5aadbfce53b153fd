package main

import (
	"context"
	"time"
)

// replaced is how long a worker takes to be replaced, at most: with what comes after, it is how near the end of the
// supervisor may be to the worker's for both to be gone.
const replaced = 3 * time.Second

// watch notes the deaths of the two processes, and when both are gone.
func (r *Run) watch(ctx context.Context) {
	known, supervised := 0, true
	for ctx.Err() == nil {
		supervisor, worker := r.w.procs.refresher(r.pod.mark, r.pod.original)
		if worker != known && known != 0 {
			r.judge.shut(r.judge.open("worker died", time.Second/2+3*r.w.lag.Worst()), time.Second/2)
		}
		known = worker
		if supervisor == 0 && supervised && ctx.Err() == nil {
			supervised = false
			// A stopped one dies when it is continued.
			if !r.judge.during(r.judge.began, time.Now(), "kill-supervisor", "abort-supervisor", "limit-memory") && !r.pod.hasEnded(0) {
				r.judge.fail("a death", "the supervisor is gone, and nobody has killed it")
			}
		}
		if supervisor == 0 && worker == 0 || r.pod.hasEnded(0) { // for want of memory all of the pod may end
			r.bothGone()
			return
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// lookForBoth looks at once whether a kill has left neither process: from then on another container may take the home.
func (r *Run) lookForBoth(ctx context.Context) {
	for range 10 {
		if supervisor, worker := r.w.procs.refresher(r.pod.mark, r.pod.original); supervisor != 0 {
			return
		} else if worker == 0 {
			r.bothGone()
			return
		}
		pause(ctx, 5*time.Millisecond)
	}
}

// bothGone notes that there is no endpoint any more, which only the end of the supervisor or of the pod can bring about.
func (r *Run) bothGone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone {
		r.gone = true
		r.judge.open("excused", replaced)
	}
}
