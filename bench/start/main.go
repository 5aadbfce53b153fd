// Start measures what an ENTRYPOINT costs: the time from its spawn to the first instructions of the original entrypoint.
//
//	go run ./bench/start [-rounds N] [-also FILE]
//	go run ./bench/start -profile
//
// It needs Linux on amd64 or arm64, and Go. bash and tini are measured when they are on PATH. A HOME on disk is where
// temporary files are ($TMPDIR).
//
// A time in microseconds says more of the machine and the hour than of a program, so the figures are ratios in one run:
// every round starts everything once, in a new order, and what is printed is the median of the rounds' own ratios with
// their 10th and 90th percentile. The floor is a Go program that executes its argument and does nothing else; the spawn
// and its exec are in every time. A second copy of the floor shows how far a small difference can be trusted.
//
// rolechain's aims stand in the header. They are no limits: the exit code is 0 whenever everything could be run.
//
// -also measures another binary of cmd/entrypoint in the same rounds, which is the way to see what a change is worth.
// -profile shows where rolechain's time goes, beside the floor's: package initialization, system calls (when strace is on
// PATH), page faults and threads' waits.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"

	"rolechain/bench/internal/rig"
)

type options struct {
	rounds  int
	also    string
	profile bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 400, "`number` of rounds, each with one start of everything")
	flag.StringVar(&o.also, "also", "", "measure another build of the entrypoint too, in this `file`")
	flag.BoolVar(&o.profile, "profile", false, "show where rolechain's start spends its time instead")
	rig.Main(o.bench)
}

func (o *options) bench(ctx context.Context, w *rig.Workspace, out io.Writer) error {
	list, err := contenders(w, o.also)
	if err != nil {
		return err
	}
	if o.profile {
		return profile(ctx, w, list, out)
	}
	var starts []func(bool) error
	for _, c := range list {
		if c.missing() {
			continue
		}
		starts = append(starts, func(counts bool) error {
			took, err := c.start(w.Spawner)
			if counts {
				c.times = append(c.times, float64(took.Nanoseconds))
			}
			return err
		})
	}
	// The first rounds bring the files into the page cache, and the second starts to their second start.
	if err := rig.Rounds(ctx, 5, o.rounds, starts); err != nil {
		return err
	}
	fmt.Fprintf(out, "from the spawn to the original's first instructions, %d rounds, %s/%s, %d CPUs\n", o.rounds, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprint(out, "median of the rounds' own ratios (10th-90th percentile); the floor's ratio to the script is to its first row\n\n")
	return table(out, list)
}
