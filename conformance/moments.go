package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// live goes through the cell's moments with the one client that the probe made.
func (p *pod) live(ctx context.Context) error {
	if p.Cell.Real {
		return p.liveReal(ctx)
	}
	steps := map[string]func(context.Context) error{
		atStart: p.atStart, expired: p.expiry, outage: p.outage, recovered: p.recovery, worker: p.killWorker, supervisor: p.killSupervisor, alone: p.killBoth,
	}
	for _, moment := range p.Cell.all() {
		if err := steps[moment](ctx); err != nil {
			return fmt.Errorf("at %s: %w", moment, err)
		}
	}
	return nil
}

// begin tells the runner, once, that the start is over: an observation without a moment.
func (p *pod) begin() {
	if !p.begun {
		p.begun = true
		p.observe("", "", "")
	}
}

func (p *pod) observe(moment string, verdict Verdict, detail string) error {
	return p.out.Encode(Observation{moment, verdict, detail})
}

// sample asks once and tells.
func (p *pod) sample(ctx context.Context, moment string) error {
	if !slices.Contains(p.Cell.Moments(), moment) {
		return nil
	}
	verdict, detail := p.look(ctx)
	if p.proxy != nil {
		if problem := p.proxy.problem(); problem != "" {
			verdict, detail = Failure, problem
		}
	}
	return p.observe(moment, verdict, detail)
}

func (p *pod) atStart(ctx context.Context) error { return p.sample(ctx, atStart) }

// latest is when the last of the sessions that there are now expires. Where there is none, as with an SDK that errs, it is
// when one would.
func (p *pod) latest() (latest time.Time) {
	for _, e := range p.sts.Journal() {
		if e.Expires != nil && e.Expires.After(latest) {
			latest = *e.Expires
		}
	}
	if latest.IsZero() {
		latest = p.clock.now().Add(life * time.Second)
	}
	return latest
}

// pastExpiry waits until every session that there is now has expired. Expiries are whole seconds, and a second more leaves
// no doubt.
func (p *pod) pastExpiry(ctx context.Context) error {
	return p.clock.until(ctx, p.latest().Add(time.Second))
}

func (p *pod) expiry(ctx context.Context) error {
	if err := p.pastExpiry(ctx); err != nil {
		return err
	}
	return p.sample(ctx, expired)
}

func (p *pod) refreshed() bool { return p.Cell.Delivery == file || p.Cell.Delivery == endpoint }

// newSession waits for a session of the client role that is not there yet. That one does not come is for the next sample
// to show.
func (p *pod) newSession(ctx context.Context, patience time.Duration) error {
	count := func() (n int) {
		for _, e := range p.sts.Journal() {
			if e.Expires != nil && e.Role == clientARN {
				n++
			}
		}
		return n
	}
	before, deadline := count(), p.clock.now().Add(patience)
	for count() == before && p.clock.now().Before(deadline) {
		if err := p.clock.until(ctx, p.clock.now().Add(20*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// outage lets STS be away for longer than a refresh interval, which is half a life here, four fifths of one in the
// script. Only with a session that is fresh when it begins can one still be good at the end.
func (p *pod) outage(ctx context.Context) error {
	length := life*time.Second/2 + time.Second
	if p.Cell.Delivery == script {
		length = 2 * life * time.Second // its AWS CLI tries for a quarter of a minute by itself
	}
	// An SDK that does the chain itself, as some do in file delivery, may hold a session of its own. It got that by the
	// last answer, and must have lost it before the next question: else it is chance who it is then. The refresher's
	// comes some time later and is good for as much longer.
	lost := p.looked
	if p.Cell.Delivery == file {
		lost = lost.Add((life + 1) * time.Second)
		if err := p.clock.until(ctx, p.looked.Add(life*time.Second/3)); err != nil {
			return err
		}
	}
	if p.refreshed() {
		if err := p.newSession(ctx, life*time.Second); err != nil {
			return err
		}
		// STS has issued it, which does not say that the answer has arrived.
		if err := p.serving(ctx, p.issued); err != nil {
			return err
		}
	}
	p.front.Down()
	end := p.clock.now().Add(length)
	if lost.After(end) {
		end = lost
	}
	if err := p.clock.until(ctx, end); err != nil {
		return err
	}
	return p.sample(ctx, outage)
}

func (p *pod) recovery(ctx context.Context) error {
	if err := p.front.Up(); err != nil {
		return err
	}
	if p.refreshed() {
		if err := p.newSession(ctx, life*time.Second); err != nil {
			return err
		}
		if err := p.serving(ctx, p.issued); err != nil {
			return err
		}
	}
	return p.sample(ctx, recovered)
}

// killWorker asks at once: no client may see that the refresher is gone. The script has no second process: what it left
// must expire before its death shows.
func (p *pod) killWorker(ctx context.Context) error {
	if p.Cell.Delivery == script {
		text, err := os.ReadFile(filepath.Join(p.Work, "tmp", "refresh.pid"))
		if err != nil {
			return err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return err
		}
		_ = kill(pid) // after an outage it is gone already
		if err := p.pastExpiry(ctx); err != nil {
			return err
		}
		return p.sample(ctx, worker)
	}
	_, pid, err := refresher(ctx)
	if err != nil {
		return p.observe(worker, Failure, err.Error())
	}
	if err := kill(pid); err != nil {
		return err
	}
	return p.sample(ctx, worker)
}

// killSupervisor asks at once and again when what was held then has expired: the worker, alone now, must have
// gone on.
func (p *pod) killSupervisor(ctx context.Context) error {
	// The successor of the worker that was killed before has to serve: a supervisor that dies while it hands over leaves
	// nobody, as when both are killed at once.
	if err := p.serving(ctx, func() string { return "" }); err != nil {
		return p.observe(supervisor, Failure, err.Error())
	}
	pid, _, err := refresher(ctx)
	if err != nil {
		return p.observe(supervisor, Failure, err.Error())
	}
	if err := kill(pid); err != nil {
		return err
	}
	first, detail := p.look(ctx)
	if err := p.pastExpiry(ctx); err != nil {
		return err
	}
	second, later := p.look(ctx)
	if first != second && first != Client {
		return p.observe(supervisor, first, "at once: "+orNothing(detail))
	}
	return p.observe(supervisor, second, later)
}

// killBoth kills what is left of the refresher, whose supervisor is dead already, and lets its last session end. From then on
// the credential process does the chain by itself.
func (p *pod) killBoth(ctx context.Context) error {
	pid, err := orphan()
	if err != nil {
		return p.observe(alone, Failure, err.Error())
	}
	if err := kill(pid); err != nil {
		return err
	}
	if err := p.pastExpiry(ctx); err != nil {
		return err
	}
	return p.sample(ctx, alone)
}

// agreed is by when a session has ended by every clock of the pod: the SDK's and the stand-ins' differ by some seconds
// (fakeclock.go), in which an SDK that uses a session to its last moment would rightly use one that has ended here.
const agreed = 2 * time.Minute

// liveReal looks at the start and past the end of the first and of the second session, and tells the worst.
func (p *pod) liveReal(ctx context.Context) error {
	for sample := range 3 {
		verdict, detail := p.look(ctx)
		if verdict != Client || sample == 2 {
			if verdict != Client {
				detail = fmt.Sprintf("after %d min: %s", int(p.clock.now().Sub(p.clock.began).Minutes()), orNothing(detail))
			}
			return p.observe(realLife, verdict, detail)
		}
		if err := p.clock.until(ctx, p.latest().Add(agreed)); err != nil {
			return err
		}
	}
	return nil
}
