package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"rolechain/bench/internal/places"
	"rolechain/bench/internal/spawn"
	"rolechain/internal/ststest"
)

// warmUp is the number of rounds before those that count. They bring the files into the page cache.
const warmUp = 2

// slow is how long STS takes to answer in the second half of the starts, which has half as many rounds.
const slow = 30 * time.Millisecond

// A contender is one way to a session, or a part of it, and what it took.
type contender struct {
	name  string
	home  string                       // the name of HOME's place; "" for what has none
	calls int                          // to STS
	once  func() (milliseconds, error) // includes what has to be done before and after, which is not in the time

	times []float64 // milliseconds, one a round
}

type milliseconds = float64

// firstSession measures the time to the first session.
func firstSession(ctx context.Context, c *cluster, o options, where []places.Place, out io.Writer) error {
	s, err := spawn.New()
	if err != nil {
		return err
	}
	defer s.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // race collects between the rounds
	var all []block
	for _, b := range []block{{latency: 0, rounds: o.starts}, {latency: slow, rounds: (o.starts + 1) / 2}} {
		b.direct = c.direct(ctx)
		for _, place := range where {
			home, err := os.MkdirTemp(place.Dir, "home-")
			if err != nil {
				return err
			}
			set := starts{profile: c.starting(s, "profile", place.Name, home, 0)}
			for _, delivery := range []string{"endpoint", "file"} {
				set.refreshed = append(set.refreshed, c.starting(s, delivery, place.Name, home, 2))
			}
			b.starts = append(b.starts, set)
			if b.latency > 0 {
				break // what differs between the places does not depend on STS
			}
		}
		if b.latency > 0 {
			if err := c.sts.Inject(ststest.Fault{Kind: ststest.Slow, DelaySeconds: b.latency.Seconds()}); err != nil {
				return err
			}
			defer c.sts.ClearFaults()
		}
		if err := c.race(ctx, b.contenders(), b.rounds); err != nil {
			return err
		}
		all = append(all, b)
	}
	return startsTable(out, all)
}

// starting is a start in an empty home. It is over when the refresher has ended.
func (c *cluster) starting(s *spawn.Spawner, delivery, place, home string, calls int) *contender {
	env := c.env(delivery, home, c.target)
	return &contender{name: "rolechain, " + delivery, home: place, calls: calls, once: func() (milliseconds, error) {
		if err := os.RemoveAll(filepath.Join(home, ".aws")); err != nil {
			return 0, err
		}
		took, err := s.Spawn([]string{c.entrypoint}, env)
		if err == nil {
			err = reap(-1)
		}
		return float64(took.Nanoseconds) / 1e6, err
	}}
}

// race does everything once a round, in an order that is new each time, from a fixed seed.
func (c *cluster) race(ctx context.Context, list []*contender, rounds int) error {
	order := append([]*contender{}, list...)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range warmUp + rounds {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		runtime.GC() // and not while something is timed
		for _, one := range order {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in round %d", round+1)
			}
			before, err := c.calls()
			if err != nil {
				return err
			}
			took, err := one.once()
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			after, err := c.calls()
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			if after-before != one.calls {
				return fmt.Errorf("%s: %d calls to STS, not %d", one.name, after-before, one.calls)
			}
			if round >= warmUp {
				one.times = append(one.times, took)
			}
		}
	}
	return nil
}
