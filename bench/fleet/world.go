package main

import (
	"math/rand/v2"
	"time"
)

const (
	day  = 24 * 60 * 60 // seconds
	hour = 60 * 60
)

// A scenario is what happens to a fleet. Times are in seconds from its begin.
type scenario struct {
	pods    int
	window  int // the pods start evenly within it
	length  int
	limit   int  // calls that STS takes in a second; 0: all
	timeout int  // ROLE_CHAIN_START_TIMEOUT; 0: its default
	outage  span // in which STS answers nobody
	restart span // in which every pod is started again, evenly
	seed    uint64
}

type span struct{ from, to int }

func (s span) has(at int) bool { return at >= s.from && at < s.to }

// base is when a scenario begins, for schedules that go by the wall clock.
var base = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

func clock(at int) time.Time { return base.Add(time.Duration(at) * time.Second) }

// A client is whatever calls STS by a schedule of its own.
type client interface {
	// step does what is due now, and returns in how long it is to be called again; never, if that is negative.
	step(w *world) time.Duration
	// restart begins anew with nothing.
	restart(w *world)
}

// A world runs clients, event by event, a second at a time. The same seed gives the same result.
type world struct {
	scenario
	now    int
	random *rand.Rand
	taken  int // calls that STS took in this second

	due   [][]int32 // by second: the clients that are called then
	gen   []uint8   // by client: how often it was restarted
	epoch [][]uint8 // beside due: gen at the time that an event was planned

	result
}

// A result is what is counted. Calls are all that are made, refused ones too.
type result struct {
	minutes   []int // calls, by the minute
	refused   int   // calls that STS throttled
	ended     int   // sessions that ended before there was a new one
	gaveUp    int   // starts that ended without a session
	lastStart int   // when the last client had its first session
}

// run plays s with the clients that fresh returns, n for each pod.
func run(s scenario, perPod int, fresh func() client) result {
	n := s.pods * perPod
	w := &world{scenario: s, random: rand.New(rand.NewPCG(s.seed, uint64(n))), due: make([][]int32, s.length), epoch: make([][]uint8, s.length), gen: make([]uint8, n)}
	w.minutes = make([]int, (s.length+59)/60)
	clients := make([]client, n)
	for i := range clients {
		clients[i] = fresh()
		w.plan(i, s.window*(i/perPod)/s.pods)
	}
	for w.now = 0; w.now < s.length; w.now++ {
		w.taken = 0
		w.restarts(clients, perPod)
		for k := 0; k < len(w.due[w.now]); k++ { // it may grow meanwhile
			// Nobody is first in STS's queue by having been there first.
			rest := w.due[w.now][k:]
			if j := w.random.IntN(len(rest)); j > 0 {
				rest[0], rest[j] = rest[j], rest[0]
				e := w.epoch[w.now][k:]
				e[0], e[j] = e[j], e[0]
			}
			i := int(w.due[w.now][k])
			if w.gen[i] != w.epoch[w.now][k] {
				continue // planned before it was restarted
			}
			if wait := clients[i].step(w); wait >= 0 {
				w.plan(i, w.now+int(wait/time.Second))
			}
		}
		w.due[w.now], w.epoch[w.now] = nil, nil
	}
	return w.result
}

// restarts starts the clients again whose turn it is.
func (w *world) restarts(clients []client, perPod int) {
	if !w.restart.has(w.now) {
		return
	}
	long, at := w.restart.to-w.restart.from, w.now-w.restart.from
	for i := w.pods * at / long * perPod; i < w.pods*(at+1)/long*perPod; i++ {
		w.gen[i]++
		clients[i].restart(w)
		w.plan(i, w.now)
	}
}

func (w *world) plan(i, at int) {
	if at < w.length {
		w.due[at] = append(w.due[at], int32(i))
		w.epoch[at] = append(w.epoch[at], w.gen[i])
	}
}

// call is one call to STS; it reports whether that answered.
func (w *world) call() bool {
	w.minutes[w.now/60]++
	switch {
	case w.outage.has(w.now):
		return false
	case w.limit > 0 && w.taken >= w.limit:
		w.refused++
		return false
	}
	w.taken++
	return true
}

// jitter is anything from 0 up to d.
func (w *world) jitter(d time.Duration) time.Duration {
	return time.Duration(w.random.Float64() * float64(d))
}

// peak and mean are calls per second in windows of a minute, from one second on up to another.
func (r result) peak(from, to int) float64 {
	most := 0
	for _, n := range r.minutes[from/60 : to/60] {
		most = max(most, n)
	}
	return float64(most) / 60
}

func (r result) mean(from, to int) float64 {
	all := 0
	for _, n := range r.minutes[from/60 : to/60] {
		all += n
	}
	return float64(all) / float64(to-from)
}
