package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"rolechain/bench/internal/stats"
)

// aimOverhead is what a start may take beyond the two calls, in milliseconds.
const aimOverhead = 20

// A block is what was measured in the same rounds, with one STS.
type block struct {
	latency time.Duration // of STS's answers
	rounds  int
	direct  *contender
	starts  []starts
}

// starts are those with HOME in one place.
type starts struct {
	profile   *contender
	refreshed []*contender
}

func (b block) contenders() []*contender {
	list := []*contender{b.direct}
	for _, s := range b.starts {
		list = append(append(list, s.profile), s.refreshed...)
	}
	return list
}

// startsTable prints a line for each contender.
func startsTable(out io.Writer, blocks []block) error {
	fmt.Fprintln(out, "time to the first session: from the spawn to the original's first instructions")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "STS takes\tstart\tHOME\tto the calls + profile's start\tms beyond the calls (aim %d)\tmedian ms\tcalls\trounds\n", aimOverhead)
	for _, b := range blocks {
		line := func(c *contender, home, ratio, beyond string) {
			fmt.Fprintf(w, "%d ms\t%s\t%s\t%s\t%s\t%.1f\t%d\t%d\n", b.latency.Milliseconds(), c.name, home, ratio, beyond, stats.Quantile(c.times, 0.5), c.calls, b.rounds)
		}
		line(b.direct, "-", "-", "-")
		for _, s := range b.starts {
			line(s.profile, s.profile.home, "-", "-")
			for _, c := range s.refreshed {
				line(c, c.home, stats.RatioOf(c.times, stats.Sum(b.direct.times, s.profile.times)).String(),
					stats.DifferenceOf(c.times, b.direct.times).Digits(1))
			}
		}
	}
	return w.Flush()
}
