package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// What rolechain aims at. They are shown beside the figures and decide nothing: a ratio of one machine in one hour is
// something to look at.
const (
	aimFloor  = 1.50 // of the floor's time, at most, for a first start on disk
	aimScript = 0.40 // of the script's time, at most
)

// table prints one line a contender. The first of the list is the floor.
func table(out io.Writer, list []*contender) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "start\tHOME\tto floor (aim %.2f)\tto script (aim %.2f)\tmedian µs", aimFloor, aimScript)
	others := list[len(list)-1].present != nil
	if others {
		fmt.Fprint(w, "\tto this tree's")
	}
	fmt.Fprintln(w)
	for _, c := range list {
		if c.missing() {
			fmt.Fprintf(w, "%s\t%s\tnot measured: it is not on PATH\n", c.name, c.home)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.0f", c.name, c.home, c.to(list[0]), c.to(c.script), rig.Median(c.times)/1e3)
		if others {
			fmt.Fprintf(w, "\t%s", c.to(c.present))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func (c *contender) to(other *contender) string {
	if other == nil {
		return "-"
	}
	return rig.Ratio(c.times, other.times)
}
