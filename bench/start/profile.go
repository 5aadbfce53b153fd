package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"rolechain/bench/internal/rig"
)

// profiled is the number of starts behind each median of a profile.
const profiled = 50

// profile shows what the floor and rolechain's starts do, instead of how long they take: numbers that a busy machine changes
// little. dir takes strace's tables.
func profile(ctx context.Context, s *rig.Spawner, list []*contender, dir string, out io.Writer) error {
	list = slices.DeleteFunc(slices.Clone(list), func(c *contender) bool { return !c.profiled || c.home == "disk" })
	for _, part := range []func(context.Context, *rig.Spawner, []*contender, string, io.Writer) error{usage, inits, calls} {
		if err := part(ctx, s, list, dir, out); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	return nil
}

// repeat starts c so often as a profile does, after one start that does not count: second starts become that.
func repeat(ctx context.Context, s *rig.Spawner, c *contender, look func(rig.Start)) error {
	for n := range profiled + 1 {
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
func usage(ctx context.Context, s *rig.Spawner, list []*contender, _ string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "start (medians of %d)\tpage faults\twaits\tpreemptions\tCPU µs\n", profiled)
	for _, c := range list {
		var columns [4][]float64
		err := repeat(ctx, s, c, func(took rig.Start) {
			u := took.Usage
			// Of user and system time only the sum: kernels that count in ticks guess how it divides.
			for i, n := range []int64{u.Minflt, u.Nvcsw, u.Nivcsw, (u.Utime.Nano() + u.Stime.Nano()) / 1e3} {
				columns[i] = append(columns[i], float64(n))
			}
		})
		if err != nil {
			return err
		}
		fmt.Fprint(w, c.name)
		for _, values := range columns {
			fmt.Fprintf(w, "\t%.0f", rig.Quantile(values, 0.5))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// inits prints the packages whose initialization takes 5 µs and more, for each program once: it does not depend on the
// environment. The trace writes to stderr between two packages, so the whole start takes longer with it; of the packages
// only internal/godebug does, which reads the variable that asks for the trace.
func inits(ctx context.Context, s *rig.Spawner, list []*contender, _ string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.argv[0]] {
			continue
		}
		seen[c.argv[0]] = true
		micros, allocated := map[string][]float64{}, map[string]string{}
		const all = "all packages"
		traced := *c
		traced.env = append(slices.Clone(c.env), "GODEBUG=inittrace=1")
		err := repeat(ctx, s, &traced, func(rig.Start) {
			sum := 0.0
			for line := range strings.Lines(s.Said()) {
				if pkg, took, memory, ok := initialized(line); ok {
					micros[pkg], allocated[pkg] = append(micros[pkg], took), memory
					sum += took
				}
			}
			micros[all] = append(micros[all], sum)
		})
		if err != nil {
			return err
		}
		if len(micros) == 1 {
			continue // not a Go program
		}
		fmt.Fprintf(w, "%s: package initialization (medians of %d)\tµs\tbytes, allocations\n", c.name, profiled)
		var lines []string
		for pkg, values := range micros {
			if median := rig.Quantile(values, 0.5); median >= 5 {
				lines = append(lines, fmt.Sprintf("  %s\t%7.0f\t%s\n", pkg, median, allocated[pkg]))
			}
		}
		slices.SortFunc(lines, func(a, b string) int { return -cmp.Compare(strings.Split(a, "\t")[1], strings.Split(b, "\t")[1]) })
		fmt.Fprint(w, strings.Join(lines, ""))
	}
	return w.Flush()
}

// initialized reads a package's line in the trace of GODEBUG=inittrace=1 (package runtime's documentation):
//
//	init net/netip @0.72 ms, 0.029 ms clock, 728 bytes, 18 allocs
func initialized(line string) (pkg string, micros float64, allocated string, ok bool) {
	words := strings.Fields(line)
	if len(words) != 11 || words[0] != "init" || words[6] != "clock," {
		return "", 0, "", false
	}
	millis, err := strconv.ParseFloat(words[4], 64)
	return words[1], millis * 1e3, words[7] + ", " + words[9], err == nil
}

// calls prints how often each start makes each system call, the whole process with its threads and the target, in one
// start. Calls by which threads wait and wake each other differ from start to start.
func calls(_ context.Context, s *rig.Spawner, list []*contender, dir string, out io.Writer) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		_, err = fmt.Fprintln(out, "system calls: not counted, strace is not on PATH")
		return err
	}
	for _, c := range list {
		table := filepath.Join(dir, "strace")
		traced := *c
		traced.argv = append([]string{strace, "-f", "-c", "-U", "calls,name", "-S", "name", "-o", table, "--"}, c.argv...)
		if _, err := traced.start(s); err != nil {
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
