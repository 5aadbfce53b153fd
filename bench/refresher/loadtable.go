package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/stats"
)

// aimRate is the part of a bare handler's requests per second that the endpoint should do.
const aimRate = 0.80

// loadTable prints a line for each server under each kind of load.
func loadTable(out io.Writer, contests []*contest, rounds int) error {
	fmt.Fprintf(out, "requests to the endpoint, %d rounds; as the worker: %s\n", rounds, strings.Join(workers, " "))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "connections\tclients\tserver\trate to bare (aim %.2f)\tto bare as the worker\trequests/s\tmedian µs\tp99 µs\n", aimRate)
	for _, c := range contests {
		kind := "kept"
		if c.fresh {
			kind = "fresh"
		}
		for _, s := range c.servers {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\n", kind, c.clients, s.name, rateTo(s, c.servers[0]), rateTo(s, c.servers[1]),
				stats.Quantile(s.rates, 0.5), stats.Quantile(s.took, 0.5), stats.Quantile(s.took, 0.99))
		}
	}
	return w.Flush()
}

func rateTo(s, to *contestant) string {
	if s == to {
		return "1"
	}
	return stats.RatioOf(s.rates, to.rates).String()
}
