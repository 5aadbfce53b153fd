package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"rolechain/bench/internal/places"
)

// slice is how many requests a server gets in a round. Fresh connections are fewer, so that their ports, which the kernel
// holds for a minute, do not run out.
const (
	keptSlice  = 1600
	freshSlice = 320
)

// A contest is one kind of load, and the servers that had it in turns.
type contest struct {
	fresh   bool // a connection for each request
	clients int
	servers []*contestant // the bare ones first
}

// A contestant is a server under one kind of load.
type contestant struct {
	name string
	server
	kept []*client

	rates []float64 // requests per second, one a round
	took  []float64 // microseconds, one a request
}

// load measures the endpoint beside bare handlers.
func load(ctx context.Context, c *cluster, o options, where []places.Place, out io.Writer) error {
	p, err := c.startPod("endpoint", where[0].Dir)
	if err != nil {
		return err
	}
	defer p.end()
	ours, err := p.endpoint()
	if err != nil {
		return err
	}
	body, err := answerOf(ours)
	if err != nil {
		return err
	}
	var bares []server
	for _, env := range [][]string{nil, workers} {
		b, err := c.startBare(body, env)
		if err != nil {
			return err
		}
		defer b.end()
		bares = append(bares, serverAt(b.address, "/credentials", "none"))
	}
	var contests []*contest
	for _, fresh := range []bool{false, true} {
		for _, clients := range []int{1, 8} {
			one := &contest{fresh: fresh, clients: clients, servers: []*contestant{
				{name: "bare, Go's defaults", server: bares[0]}, {name: "bare, as the worker", server: bares[1]}, {name: "endpoint", server: ours}}}
			defer one.hangUp()
			contests = append(contests, one)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // between the rounds, and not while something is timed
	random := rand.New(rand.NewPCG(1, 2))
	for _, one := range contests {
		order := slices.Clone(one.servers)
		for round := range warmUp + o.loads {
			random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			runtime.GC()
			for _, s := range order {
				if ctx.Err() != nil {
					return fmt.Errorf("interrupted under load")
				}
				if err := one.slice(s, round >= warmUp); err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
		}
		one.hangUp()
	}
	return loadTable(out, contests, o.loads)
}

func answerOf(s server) ([]byte, error) {
	one, err := s.dial()
	if err != nil {
		return nil, err
	}
	defer one.close()
	return one.body()
}

// slice gives s its requests of a round, and notes what they took when it counts.
func (c *contest) slice(s *contestant, counts bool) error {
	n := keptSlice / c.clients
	if c.fresh {
		n = freshSlice / c.clients
	}
	for !c.fresh && len(s.kept) < c.clients {
		one, err := s.dial()
		if err != nil {
			return err
		}
		s.kept = append(s.kept, one)
	}
	took, errs := make([][]float64, c.clients), make([]error, c.clients)
	var all sync.WaitGroup
	began := time.Now()
	for i := range c.clients {
		took[i] = make([]float64, 0, n)
		all.Go(func() {
			for range n {
				at := time.Now()
				if c.fresh {
					errs[i] = s.once()
				} else {
					errs[i] = s.kept[i].ask()
				}
				if errs[i] != nil {
					return
				}
				took[i] = append(took[i], float64(time.Since(at))/1e3)
			}
		})
	}
	all.Wait()
	seconds := time.Since(began).Seconds()
	for i := range c.clients {
		if errs[i] != nil {
			return errs[i]
		}
		if counts {
			s.took = append(s.took, took[i]...)
		}
	}
	if counts {
		s.rates = append(s.rates, float64(n*c.clients)/seconds)
	}
	return nil
}

// once is a request on a connection of its own.
func (s server) once() error {
	one, err := s.dial()
	if err != nil {
		return err
	}
	defer one.close()
	return one.ask()
}

func (c *contest) hangUp() {
	for _, s := range c.servers {
		for _, one := range s.kept {
			one.close()
		}
		s.kept = nil
	}
}
