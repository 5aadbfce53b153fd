package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"text/tabwriter"

	"rolechain/bench/internal/spawn"
	"rolechain/bench/internal/stats"
)

// profiled is the number of starts behind each median of a profile.
const profiled = 50

// profile shows what the floor and rolechain's starts do, instead of how long they take: numbers that a busy machine
// changes little. dir takes strace's tables.
func profile(ctx context.Context, s *spawn.Spawner, list []*contender, dir string, out io.Writer) error {
	list = slices.DeleteFunc(slices.Clone(list), func(c *contender) bool { return !c.profiled || c.home == "disk" })
	for _, c := range list { // second starts become that
		if _, err := once(s, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for i, part := range []func(context.Context, *spawn.Spawner, []*contender, string, io.Writer) error{usage, inits, calls} {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := part(ctx, s, list, dir, out); err != nil {
			return err
		}
	}
	return nil
}

// usage prints what the kernel counts in rusage. The target's own share is in all of them, and is the second row.
func usage(ctx context.Context, s *spawn.Spawner, list []*contender, _ string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "start (medians of %d)\tpage faults\twaits\tpreemptions\tCPU µs\n", profiled)
	for _, c := range list {
		var faults, waits, preemptions, cpu []float64
		for range profiled {
			if err := ctx.Err(); err != nil {
				return err
			}
			took, err := once(s, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			faults = append(faults, float64(took.Usage.Minflt))
			waits = append(waits, float64(took.Usage.Nvcsw))
			preemptions = append(preemptions, float64(took.Usage.Nivcsw))
			// Only the sum: kernels that count in ticks guess how it divides.
			cpu = append(cpu, float64(took.Usage.Utime.Nano()+took.Usage.Stime.Nano())/1e3)
		}
		fmt.Fprint(w, c.name)
		for _, values := range [][]float64{faults, waits, preemptions, cpu} {
			fmt.Fprintf(w, "\t%.0f", stats.Quantile(values, 0.5))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// inits prints the packages whose initialisation takes longest, for each program once: it does not depend on the
// environment. The trace writes to stderr between two packages, so the whole start takes longer with it; of the packages
// only internal/godebug does, which reads the variable that asks for the trace.
func inits(ctx context.Context, s *spawn.Spawner, list []*contender, _ string, out io.Writer) error {
	const worthALine = 5.0 // µs
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.argv[0]] {
			continue
		}
		seen[c.argv[0]] = true
		byPackage := map[string][]initialised{}
		var sums []float64
		for range profiled {
			if err := ctx.Err(); err != nil {
				return err
			}
			traced := *c
			traced.env = append(slices.Clone(c.env), "GODEBUG=inittrace=1")
			if _, err := once(s, &traced); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			sum := 0.0
			for _, i := range initTrace(s.Said()) {
				byPackage[i.pkg] = append(byPackage[i.pkg], i)
				sum += i.micros
			}
			sums = append(sums, sum)
		}
		if len(byPackage) == 0 {
			continue // not a Go program
		}
		fmt.Fprintf(w, "%s: package initialisation (medians of %d)\tµs\tbytes\tallocations\n", c.name, profiled)
		fmt.Fprintf(w, "  all %d packages\t%.0f\n", len(byPackage), stats.Quantile(sums, 0.5))
		for _, i := range medians(byPackage) {
			if i.micros >= worthALine {
				fmt.Fprintf(w, "  %s\t%.0f\t%d\t%d\n", i.pkg, i.micros, i.bytes, i.allocs)
			}
		}
	}
	return w.Flush()
}

// calls prints how often each start makes each system call, the whole process with its threads and the target, in one
// start. Calls by which threads wait and wake each other differ from start to start.
func calls(ctx context.Context, s *spawn.Spawner, list []*contender, dir string, out io.Writer) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		_, err = fmt.Fprintln(out, "system calls: not counted, strace is not on PATH")
		return err
	}
	counts := map[string][]int{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "system call\t")
	for column, c := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		table, err := underStrace(s, c, strace, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		for name, n := range table {
			if counts[name] == nil {
				counts[name] = make([]int, len(list))
			}
			counts[name][column] = n
		}
		fmt.Fprintf(w, "%s\t", c.name)
	}
	fmt.Fprintln(w)
	total := make([]int, len(list))
	names := make([]string, 0, len(counts))
	for name, row := range counts {
		names = append(names, name)
		for column, n := range row {
			total[column] += n
		}
	}
	slices.Sort(names)
	counts["all"] = total
	for _, name := range append(names, "all") {
		fmt.Fprintf(w, "%s\t", name)
		for _, n := range counts[name] {
			fmt.Fprintf(w, "%d\t", n)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
