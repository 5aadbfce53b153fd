package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"rolechain/bench/internal/spawn"
)

// warmUp is the number of rounds before those that count. They bring the files into the page cache and the second
// starts to their second start.
const warmUp = 5

// measure lets every contender start once a round. All share a round's noise, and each round has a new order, from a
// fixed seed, so that none always follows the same other.
func measure(ctx context.Context, s *spawn.Spawner, list []*contender, rounds int) error {
	order := make([]*contender, 0, len(list))
	for _, c := range list {
		if c.missing == "" {
			order = append(order, c)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range warmUp + rounds {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		runtime.GC() // and not while something is timed: main has switched it off
		for _, c := range order {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in round %d", round+1)
			}
			took, err := once(s, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round >= warmUp {
				c.times = append(c.times, float64(took.Nanoseconds))
			}
		}
	}
	return nil
}

// once is one start of c with what has to be done before and checked after it.
func once(s *spawn.Spawner, c *contender) (spawn.Start, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return spawn.Start{}, err
		}
	}
	took, err := s.Spawn(c.argv, c.env)
	if err == nil && c.after != nil {
		err = c.after()
	}
	return took, err
}
