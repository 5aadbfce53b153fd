// Start measures what an ENTRYPOINT costs: the time from its spawn to the first instructions of the original entrypoint.
//
//	go run ./bench/start [-rounds N] [-cpu N] [-disk DIR] [-also NAME=FILE]...
//	go run ./bench/start -profile
//
// It needs Linux on amd64 or arm64, and Go. bash and tini are measured when they are on PATH.
//
// A time in microseconds says more of the machine and the hour than of a program, so the figures are ratios in one run:
// every round starts everything once, in a new order, and what is printed is the median of the rounds' own ratios with
// their 10th and 90th percentile. The floor is a Go program that executes its argument and does nothing else; the spawn
// and its exec are in every time. A second copy of the floor shows how far a small difference can be trusted.
//
// rolechain's aims stand in the header. They are no limits: the exit code is 0 whenever everything could be run.
//
// -also measures another binary of cmd/entrypoint in the same rounds, which is the way to see what a change is worth.
// -profile shows where rolechain's time goes, beside the floor's: package initialisation, system calls (when strace is on
// PATH), page faults and threads' waits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

type options struct {
	rounds  int
	cpu     int    // to run everything on; -1 for any
	disk    string // a directory that is not on tmpfs
	profile bool
	also    []candidate
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	return rig.Main("bench/start", args, stdout, stderr, func(flags *flag.FlagSet) {
		flags.IntVar(&o.rounds, "rounds", 400, "`number` of rounds, each with one start of everything")
		flags.IntVar(&o.cpu, "cpu", -1, "run everything on this CPU `number` alone; -1 for any")
		flags.StringVar(&o.disk, "disk", os.TempDir(), "`directory` for a HOME on disk")
		flags.BoolVar(&o.profile, "profile", false, "show where rolechain's start spends its time instead")
		flags.Func("also", "measure another build of the entrypoint too, given as `NAME=FILE`; may be repeated", func(value string) error {
			name, path, found := strings.Cut(value, "=")
			if !found || name == "" || path == "" {
				return errors.New("is not NAME=FILE")
			}
			path, err := filepath.Abs(path)
			o.also = append(o.also, candidate{name, path})
			return err
		})
	}, func() error {
		if o.rounds < 1 {
			return fmt.Errorf("-rounds %d: at least 1", o.rounds)
		}
		return nil
	}, o.bench)
}

func (o *options) bench(ctx context.Context, out io.Writer) (err error) {
	runtime.LockOSThread() // what this thread may do, its children may
	defer runtime.UnlockOSThread()
	if o.cpu >= 0 {
		var set unix.CPUSet
		set.Set(o.cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("-cpu %d: %w", o.cpu, err)
		}
	}
	dir, places, notes, remove, err := rig.Workspace(o.disk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := rig.NewSpawner(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := assemble(dir, s, places, o.also)
	if err != nil {
		return err
	}
	if o.profile {
		return profile(ctx, s, list, dir, out)
	}
	var starts []func(bool) error
	for _, c := range list {
		if c.missing == "" {
			starts = append(starts, func(counts bool) error {
				took, err := c.start(s)
				if counts {
					c.times = append(c.times, float64(took.Nanoseconds))
				}
				return err
			})
		}
	}
	// The first rounds bring the files into the page cache, and the second starts to their second start.
	if err := rig.Rounds(ctx, 5, o.rounds, starts); err != nil {
		return err
	}
	fmt.Fprintf(out, "from the spawn to the original's first instructions, %d rounds, %s/%s, %d CPUs\n", o.rounds, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprint(out, "median of the rounds' own ratios (10th-90th percentile); the floor's ratio to the script is to its first row\n\n")
	if err := table(out, list); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, note := range notes {
		fmt.Fprintln(out, note)
	}
	return nil
}
