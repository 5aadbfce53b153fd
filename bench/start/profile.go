package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// repeats is the number of starts behind each median of a profile.
const repeats = 50

// profile shows what the floor and rolechain's starts do, instead of how long they take: numbers that a busy machine changes
// little.
func profile(ctx context.Context, space *rig.Workspace, list []*contender, out io.Writer) error {
	list = slices.DeleteFunc(slices.Clone(list), func(c *contender) bool { return !c.profiled || c.home == "disk" })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "start (medians of %d)\tpage faults\twaits\tpreemptions\tCPU µs\n", repeats)
	for _, c := range list {
		if err := usage(ctx, space.Spawner, c, w); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	for i, c := range list {
		if i > 0 && !c.first {
			continue // what a program initializes does not depend on the environment
		}
		if err := inits(ctx, space.Spawner, c, w); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return errors.Join(w.Flush(), calls(space, list, out))
}

// repeat starts c so often as a profile does, after one start that does not count: second starts become that.
func repeat(ctx context.Context, s *rig.Spawner, c *contender, look func(rig.Start)) error {
	for n := range repeats + 1 {
		took, err := c.start(s)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if n > 0 {
			look(took)
		}
	}
	return nil
}

// usage prints what the kernel counts in rusage. The target's own share is in all of them, and is the second row.
func usage(ctx context.Context, s *rig.Spawner, c *contender, w io.Writer) error {
	var faults, waits, preemptions, micros []float64
	err := repeat(ctx, s, c, func(took rig.Start) {
		u := took.Usage
		faults = append(faults, float64(u.Minflt))
		waits = append(waits, float64(u.Nvcsw))
		preemptions = append(preemptions, float64(u.Nivcsw))
		// Of user and system time only the sum: kernels that count in ticks guess how it divides.
		micros = append(micros, float64(u.Utime.Nano()+u.Stime.Nano())/1e3)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%.0f\n", c.name, rig.Median(faults), rig.Median(waits), rig.Median(preemptions), rig.Median(micros))
	return err
}

// inits prints the packages whose initialization takes 5 µs and more, from the trace that the runtime writes to stderr
// (package runtime's documentation). The whole start takes longer with it; of the packages only internal/godebug does, which
// reads the variable that asks for the trace.
func inits(ctx context.Context, s *rig.Spawner, c *contender, w io.Writer) error {
	traced := *c
	traced.env = append(slices.Clone(c.env), "GODEBUG=inittrace=1")
	const all = "all packages"
	micros, allocated := map[string][]float64{}, map[string]string{}
	err := repeat(ctx, s, &traced, func(rig.Start) {
		sum := 0.0
		for line := range strings.Lines(s.Said()) {
			var pkg string
			var at, took float64
			var bytes, allocs int
			_, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &pkg, &at, &took, &bytes, &allocs)
			if err != nil {
				continue // the program's own line
			}
			micros[pkg], allocated[pkg] = append(micros[pkg], took*1e3), fmt.Sprintf("%d, %d", bytes, allocs)
			sum += took * 1e3
		}
		micros[all] = append(micros[all], sum)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: package initialization (medians of %d)\tµs\tbytes, allocations\n", c.name, repeats)
	byTime := func(a, b string) int { return cmp.Compare(rig.Median(micros[b]), rig.Median(micros[a])) }
	for _, pkg := range slices.SortedFunc(maps.Keys(micros), byTime) {
		if median := rig.Median(micros[pkg]); median >= 5 {
			fmt.Fprintf(w, "  %s\t%7.0f\t%s\n", pkg, median, allocated[pkg])
		}
	}
	return nil
}

// calls prints how often each start makes each system call, the whole process with its threads and the target, in one
// start. Calls by which threads wait and wake each other differ from start to start.
func calls(w *rig.Workspace, list []*contender, out io.Writer) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		_, err = fmt.Fprintln(out, "system calls: not counted, strace is not on PATH")
		return err
	}
	for _, c := range list {
		table := filepath.Join(w.Dir, "strace")
		traced := *c
		traced.argv = append([]string{strace, "-f", "-c", "-U", "calls,name", "-S", "name", "-o", table, "--"}, c.argv...)
		if _, err := traced.start(w.Spawner); err != nil {
			return err
		}
		text, err := os.ReadFile(table)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: system calls\n%s", c.name, text)
	}
	return nil
}
