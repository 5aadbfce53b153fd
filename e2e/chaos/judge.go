package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rolechain/internal/ststest"
)

// A Judge holds what is seen of one pod against what rolechain promises.
//
// What the refresher holds is known from outside by what it has handed out: a session that a reader was given is a good one
// until it ends, and until then no request may fail. Whether one has to be there at all follows from the faults: when STS,
// the token and the limits have been well for longer than a session lives, there is one.
type Judge struct {
	sts   *ststest.Server
	role  string        // that the pod is to be
	life  time.Duration // of a session
	began time.Time
	lag   *Lag

	mu      sync.Mutex
	found   []string
	times   map[string]int // how often each kind of thing was found
	handed  []handed
	windows []*Window
	later   []func()       // judgments for the end, when all windows are known
	counts  map[string]int // what was seen, for the summary
}

// handed is a session that a reader was given.
type handed struct {
	ststest.Session
	first time.Time
}

// A Window is a time in which something is so. It is open until its end is called.
type Window struct {
	kind     string
	from, to time.Time
}

func newJudge(sts *ststest.Server, role string, life time.Duration, lag *Lag) *Judge {
	return &Judge{sts: sts, role: role, life: life, began: time.Now(), lag: lag,
		times: map[string]int{}, counts: map[string]int{}}
}

// fail notes that a promise was broken. what is the kind of it, of which the first few are kept.
func (j *Judge) fail(what, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.times[what]++; j.times[what] <= 3 {
		j.found = append(j.found, fmt.Sprintf("%7s  %s: %s", clock(time.Since(j.began)), what, fmt.Sprintf(format, args...)))
	}
}

// verdict is every promise that was broken.
func (j *Judge) verdict() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := slices.Clone(j.found)
	for what, n := range j.times {
		if n > 3 {
			list = append(list, fmt.Sprintf("%7s  %s: %d times in all", "", what, n))
		}
	}
	return list
}

func (j *Judge) count(what string) { j.mu.Lock(); defer j.mu.Unlock(); j.counts[what]++ }

// open begins a window, a while ago.
func (j *Judge) open(kind string, ago time.Duration) *Window {
	w := &Window{kind: kind, from: time.Now().Add(-ago)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.windows = append(j.windows, w)
	return w
}

// shut ends a window after a while, which is what its effects take to pass.
func (j *Judge) shut(w *Window, after time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	w.to = time.Now().Add(after)
}

// during reports whether one of these was so at any time between from and to. A kind ending in a slash is a family.
func (j *Judge) during(from, to time.Time, kinds ...string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.ContainsFunc(j.windows, func(w *Window) bool {
		return w.from.Before(to) && (w.to.IsZero() || w.to.After(from)) && slices.ContainsFunc(kinds, func(kind string) bool {
			return kind == w.kind || strings.HasSuffix(kind, "/") && familyOf(w.kind)+"/" == kind
		})
	})
}

// patience is how long a request may wait while there is a session, on a machine that may be slow: the successor of a
// killed worker is there at once, that of a stopped one after two checks.
func (j *Judge) patience(asked, got time.Time) time.Duration {
	from := asked.Add(-5 * time.Second)
	switch {
	case j.during(from, got, "stop-worker", "stop-supervisor"):
		return j.replacing(from, got)
	case j.during(from, got, "abort-worker") && j.during(from, got, "log-full"):
		return j.replacing(from, got) // it hangs in what it says of its end
	}
	return 2500*time.Millisecond + 5*j.lag.Worst()
}

// replacing is how long it may take to replace a worker that hung between these times. One that was stopped before it was ready
// gets 10 s for that.
func (j *Judge) replacing(from, to time.Time) time.Duration {
	j.mu.Lock()
	stops := slices.DeleteFunc(slices.Clone(j.windows), func(w *Window) bool {
		return w.kind != "stop-worker" || w.from.After(to) || !w.to.IsZero() && w.to.Before(from)
	})
	j.mu.Unlock()
	for _, w := range stops {
		if j.during(w.from.Add(-2*time.Second), w.from, "worker died") {
			return 13*time.Second + 3*j.lag.Worst()
		}
	}
	return 8*time.Second + 3*j.lag.Worst()
}

// settled is how long a renewal may take once what kept it back has gone: a try that hangs takes 10 s.
func (j *Judge) settled() time.Duration { return j.life + 13*time.Second + 3*j.lag.Worst() }

// held is the newest session that had been handed out before a time.
func (j *Judge) held(before time.Time) (newest handed) {
	for _, h := range j.handed {
		if h.first.Before(before) && !h.Issued.Before(newest.Issued) {
			newest = h
		}
	}
	return newest
}

// Keys are a session as a reader has them.
type Keys struct {
	AccessKeyId, SecretAccessKey, Token string
	Expiration                          time.Time
}

// is checks a session that a reader was given: whole, of the right role, and not over. inFile is one that nobody was given
// on asking, which may be over.
func (j *Judge) is(who, role string, k Keys, asked, got time.Time, inFile bool) (ststest.Session, bool) {
	s, known := j.sts.Lookup(k.AccessKeyId)
	if !known {
		j.fail("a key of nobody", "%s has %q", who, k.AccessKeyId)
		return s, false
	}
	switch key, _ := j.sts.Key(k.AccessKeyId); {
	case key.Secret != k.SecretAccessKey || key.Token != k.Token:
		j.fail("a mixed session", "%s has parts of another session beside %s", who, suffix(k.AccessKeyId))
	case s.RoleARN != role:
		j.fail("another role's session", "%s was given %s instead of %s", who, s.RoleARN, role)
	case !inFile && (!s.Expires.After(asked) || !s.Expires.After(got.Add(-2*time.Second-3*j.lag.Worst()))):
		j.fail("an expired session", "%s asked at %s and was given %s, which ended at %s", who, clock(asked.Sub(j.began)), suffix(s.AccessKeyID), clock(s.Expires.Sub(j.began)))
	case !k.Expiration.IsZero() && k.Expiration.After(s.Expires):
		j.fail("a wrong expiry", "%s was told %s of a session that ends at %s", who, k.Expiration, s.Expires)
	default:
		return s, true
	}
	return s, false
}

func suffix(id string) string { return "…" + id[max(0, len(id)-4):] }

// served notes a session that the refresher has handed out.
func (j *Judge) served(who string, s ststest.Session, asked, got time.Time) {
	j.mu.Lock()
	before := j.held(asked)
	if !slices.ContainsFunc(j.handed, func(h handed) bool { return h.AccessKeyID == s.AccessKeyID }) {
		j.handed = append(j.handed, handed{s, got})
	}
	j.counts[who]++
	j.mu.Unlock()
	j.late(who, before, asked, got)
}

// late checks that nobody waited who need not have.
func (j *Judge) late(who string, h handed, asked, got time.Time) {
	patience := j.patience(asked, got)
	if got.Sub(asked) > patience && h.Expires.After(asked.Add(patience)) {
		j.atTheEnd(func() {
			if !j.during(asked, got, "excused", "limit/") {
				j.fail("a slow answer", "%s waited %s from %s on, while there was %s until %s", who, clock(got.Sub(asked)), j.at(asked), suffix(h.AccessKeyID), j.at(h.Expires))
			}
		})
	}
}

// refused judges a request that failed.
func (j *Judge) refused(who string, asked, got time.Time, why string) {
	j.count(who + ", refused")
	j.mu.Lock()
	h := j.held(asked)
	j.mu.Unlock()
	j.late(who, h, asked, got)
	if !h.Expires.After(got.Add(time.Second / 2)) {
		j.starved(who, asked, got, why)
		return
	}
	j.atTheEnd(func() {
		if !j.during(asked, got, "excused") {
			j.fail("a failed request", "%s, from %s to %s, while there was %s until %s: %s", who, j.at(asked), j.at(got), suffix(h.AccessKeyID), j.at(h.Expires), why)
		}
	})
}

// starved judges a request that failed when there was no session: there had to be one, if STS was well for long enough.
func (j *Judge) starved(who string, asked, got time.Time, why string) {
	settled := got.Add(-j.settled())
	j.atTheEnd(func() {
		if j.began.Before(settled) && !j.during(settled, got, "sts/", "token/", "limit/", "excused") {
			j.fail("no renewal", "%s failed at %s, while STS was well: %s", who, j.at(got), why)
		}
	})
}

// cutOff notes a request that ended without an answer. Only the death of the process that had taken it excuses that.
func (j *Judge) cutOff(who string, asked, got time.Time, why string) {
	j.count(who + ", cut off")
	j.atTheEnd(func() {
		if !j.during(asked.Add(-time.Second/2), got.Add(time.Second/2), "worker died", "limit/", "excused") {
			j.fail("a lost answer", "%s, from %s on, while no worker died: %s", who, j.at(asked), why)
		}
	})
}

func (j *Judge) at(t time.Time) string { return clock(t.Sub(j.began)) }

func (j *Judge) atTheEnd(judgment func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.later = append(j.later, judgment)
}

// judgeLater judges what had to wait.
func (j *Judge) judgeLater() {
	j.mu.Lock()
	later := j.later
	j.later = nil
	j.mu.Unlock()
	for _, judgment := range later {
		judgment()
	}
}

// ran notes a session that a credential process gave. One that the endpoint never hands out it has got by itself.
func (j *Judge) ran(s ststest.Session, asked, got time.Time) {
	j.count("credential process")
	j.mu.Lock()
	before := j.held(asked)
	j.mu.Unlock()
	// With its directory a refresher loses its claim to it, and takes a while to have that again: nobody asks it until then.
	lost := j.during(asked.Add(-afterLoss), got, losses...)
	if !lost {
		j.late("credential process", before, asked, got)
	}
	j.atTheEnd(func() {
		j.mu.Lock()
		known := slices.ContainsFunc(j.handed, func(h handed) bool { return h.AccessKeyID == s.AccessKeyID })
		j.mu.Unlock()
		if !known && !lost && !j.during(asked, got, "excused", "limit/", "disk/") {
			j.fail("a session past the refresher", "a credential process got %s at %s, which the endpoint never had", suffix(s.AccessKeyID), j.at(got))
		}
	})
}

// losses are the faults after which the pod's directory is not what it was, and afterLoss how long it may take to be again.
var losses = []string{"removed", "link", "dangling-link"}

const afterLoss = 25 * time.Second
