package main

import (
	"cmp"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/refresh"
)

const (
	life         = hour         // of a session, in seconds
	startTimeout = 60           // ROLE_CHAIN_START_TIMEOUT's default, in seconds
	again        = 10           // until Kubernetes starts a container again that ended, in seconds; later ones wait longer
	margin       = 15 * 60      // what a first hop's session has left, at the least, to be used again (package chain)
	none         = -time.Second // never again
)

// A pod has rolechain's refresher: package chain's policy for the start, package refresh's schedule after it.
type pod struct {
	state   refresh.State
	first   int // when the first hop's session ends; 0: there is none
	began   int // of the start; -1: it is over
	tries   int
	waiting bool // a container that is not started yet
	counted bool // the end of the session was
}

func newPod() client { return &pod{began: -1, waiting: true} }

func (p *pod) restart(w *world) { *p = pod{began: -1, waiting: true} }

func (p *pod) step(w *world) time.Duration {
	if p.waiting {
		p.waiting, p.began, p.tries = false, w.now, 0
	}
	now := clock(w.now)
	if p.began < 0 && now.After(p.state.Expires) && !p.counted {
		p.counted = true
		w.ended++
	}
	ok := p.try(w)
	switch {
	case ok && p.began >= 0:
		p.state, p.began, w.lastStart = refresh.State{First: true}, -1, w.now
		fallthrough
	case ok:
		p.state = refresh.State{Issued: now, Expires: now.Add(life * time.Second), First: p.state.First && p.state.Issued.IsZero()}
		p.counted = false
	case p.began >= 0:
		if p.tries++; w.now-p.began >= cmp.Or(w.timeout, startTimeout) {
			w.gaveUp++
			p.waiting = true
			return again * time.Second
		}
		return chain.StartWait(p.tries, w.random.Float64())
	default:
		p.state.Failures++
	}
	return refresh.Next(now, p.state, w.random.Float64()).Sub(now)
}

// try does both hops, the first only when its session is not good enough to go on from, or early.
func (p *pod) try(w *world) bool {
	left := time.Duration(p.first-w.now) * time.Second
	good := left >= margin*time.Second
	if !good || chain.Early(left, life*time.Second, w.random.Float64()) {
		switch {
		case w.call():
			p.first = w.now + life
		case !good && p.first-w.now <= 10:
			return false
		}
	}
	return w.call()
}

// A loop is AWS's custom-entrypoint.sh: both hops every 48 minutes sharp, and never again after the first error.
type loop struct{ expires int }

func newLoop() client { return &loop{} }

func (l *loop) restart(w *world) { *l = loop{} }

func (l *loop) step(w *world) time.Duration {
	if l.expires == -1 { // it has died, and its session with it
		w.ended++
		return none
	}
	if !w.hops() {
		left := time.Duration(l.expires-w.now) * time.Second
		if l.expires == 0 {
			w.gaveUp++
			return none
		}
		l.expires = -1
		return max(0, left)
	}
	if l.expires == 0 {
		w.lastStart = w.now
	}
	l.expires = w.now + life
	return 48 * time.Minute
}

// An sdk is a session of an SDK that does the chain by itself, used every 10 s or so. It behaves as botocore does: it renews
// from 15 minutes before the end on, both hops, and tries again at the next use.
type sdk struct {
	expires int
	counted bool
}

func newSDK() client { return &sdk{} }

func (s *sdk) restart(w *world) { *s = sdk{} }

func (s *sdk) step(w *world) time.Duration {
	if s.expires > 0 && w.now > s.expires && !s.counted {
		s.counted = true
		w.ended++
	}
	use := 5*time.Second + w.jitter(10*time.Second)
	if !w.hops() {
		return use
	}
	if s.expires == 0 {
		w.lastStart = w.now
	}
	s.expires, s.counted = w.now+life, false
	return (life-margin)*time.Second + use
}

// hops makes the calls of both hops, and reports whether both were answered.
func (w *world) hops() bool {
	if !w.call() {
		return false
	}
	return w.call()
}
