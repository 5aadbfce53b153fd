package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"rolechain/bench/internal/places"
)

// aimPrivate is the private memory that a refresher may have while it is idle, in kB.
const aimPrivate = 6 << 10

// asking is how many clients make the requests, on connections that they keep.
const asking = 8

// A reading is the memory of a refresher at one moment.
type reading struct {
	name               string
	supervisor, worker footprint
}

// memory reads refreshers, which needs root.
func memory(ctx context.Context, c *cluster, o options, where []places.Place, out io.Writer) error {
	var readings []reading
	for _, delivery := range []string{"file", "endpoint"} {
		p, err := c.startPod(delivery, where[0].Dir)
		if err != nil {
			return err
		}
		defer p.end()
		idle, err := p.read(ctx, delivery+", idle after the start")
		if errors.Is(err, errHidden) {
			_, err = fmt.Fprintf(out, "memory of the refresher: not measured, %v\n", err)
			return err
		}
		if err != nil {
			return err
		}
		readings = append(readings, idle)
		if delivery == "endpoint" {
			if err := p.askMany(ctx, o.requests); err != nil {
				return err
			}
			later, err := p.read(ctx, fmt.Sprintf("endpoint, idle after %d requests", o.requests))
			if err != nil {
				return err
			}
			readings = append(readings, later)
		}
		// Not at the same time as the next: pages of the program's file would count as shared.
		if err := p.end(); err != nil {
			return err
		}
	}
	return memoryTable(out, readings)
}

// read waits until the refresher's memory has settled: two looks a quarter of a second apart that agree, or the last of
// twenty.
func (p *pod) read(ctx context.Context, name string) (reading, error) {
	supervisor, worker, err := p.refresher()
	if err != nil {
		return reading{}, err
	}
	var last reading
	for range 20 {
		now := reading{name: name}
		if now.supervisor, err = footprintOf(supervisor); err == nil {
			now.worker, err = footprintOf(worker)
		}
		if err != nil {
			return reading{}, err
		}
		if now == last {
			break
		}
		last = now
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return reading{}, errors.New("interrupted while memory settled")
		}
	}
	return last, nil
}

// askMany makes n requests and hangs up.
func (p *pod) askMany(ctx context.Context, n int) error {
	s, err := p.endpoint()
	if err != nil {
		return err
	}
	errs := make([]error, asking)
	var all sync.WaitGroup
	for i := range asking {
		share := n / asking
		if i < n%asking {
			share++
		}
		all.Go(func() { errs[i] = s.many(ctx, share) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// many is n requests on one connection.
func (s server) many(ctx context.Context, n int) error {
	one, err := s.dial()
	if err != nil {
		return err
	}
	defer one.close()
	for range n {
		if ctx.Err() != nil {
			return errors.New("interrupted while requests were made")
		}
		if err := one.ask(); err != nil {
			return err
		}
	}
	return nil
}

func memoryTable(out io.Writer, readings []reading) error {
	fmt.Fprintln(out, "memory of the refresher, supervisor and worker together")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "delivery\tprivate to the aim\tprivate kB (aim %d)\tsupervisor's\tworker's\tanonymous kB\tsupervisor's\tworker's\n", aimPrivate)
	for _, r := range readings {
		sum := r.supervisor.plus(r.worker)
		fmt.Fprintf(w, "%s\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\n", r.name, float64(sum.private)/aimPrivate, sum.private, r.supervisor.private, r.worker.private,
			sum.anonymous, r.supervisor.anonymous, r.worker.anonymous)
	}
	return w.Flush()
}
