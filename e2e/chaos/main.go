// Chaos tries the real programs against random faults, each schedule of which follows from a seed, and judges them by what
// independent readers see meanwhile.
//
//	go run ./e2e/chaos [-seed N | -from N -count N] [-at-once N] [-soak DURATION]
//
// It takes root. A schedule has a pod of its own: the real entrypoint and refresher behind it, a strict STS, a home on a
// file system of its own, a user, control groups. Sessions live for seconds. For some 15 s things go wrong: STS and its
// answers, the token, the refresher's two processes, the home's disk, limits, clients, the log's reader; further containers
// start meanwhile, in homes of their own, in this one, without /proc, with next to no memory, on file systems that hang. Then all is healed, and the
// pod has to recover, and to end.
//
// All the while endpoint clients ask, credential processes run, and readers look at every file (botocore's own parser among
// them). What breaks a promise is told with the schedule, the end of the log, and how to run it again.
//
//	Never a session of another role, an expired one, a mixed one, or a key for a stranger.
//	While there is a good session, and a worker or one to come, no request fails or waits for long.
//	While STS is well there is a session, whatever the disk, the log and the clients do.
//	No start, and no end of one, hangs; one that fails has a documented exit code and a reason.
//	Of one home's containers one runs. No secret is in a log. The log names each cause.
//	The end of the original ends all, and leaves neither process nor temp file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rolechain/internal/suitetest"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launchArgument:
			fmt.Fprintf(os.Stderr, "chaos: %v\n", launch())
			os.Exit(125)
		case jobArgument:
			job()
			os.Exit(0)
		case innerArgument:
			suite, _ := strconv.Atoi(os.Args[2])
			os.Exit(run(context.Background(), suite, os.Args[3:], os.Stdout, os.Stderr))
		}
	}
	code, err := outer(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "chaos: %v\n", err)
	}
	os.Exit(code)
}

type options struct {
	seed, from uint64
	count      int
	atOnce     int
	soak       time.Duration
}

func (o *options) define(flags *flag.FlagSet) {
	flags.Uint64Var(&o.seed, "seed", 0, "run the schedule of this seed, and nothing else")
	flags.Uint64Var(&o.from, "from", 1, "the first seed")
	flags.IntVar(&o.count, "count", 40, "how many seeds")
	flags.IntVar(&o.atOnce, "at-once", 8, "how many schedules there are at a time")
	flags.DurationVar(&o.soak, "soak", 0, "watch what two pods use for so long, and do nothing else")
}

func (o *options) check() error {
	if o.count < 1 || o.atOnce < 1 || o.soak < 0 {
		return errors.New("-count and -at-once are at least 1, -soak is positive")
	}
	return nil
}

// run is the whole program: 0 when all promises were kept, 1 when one was broken, 2 when it could not be tried.
func run(ctx context.Context, suite int, args []string, stdout, stderr io.Writer) int {
	var o options
	if some, code := suitetest.Parse("chaos", args, stderr, o.define, o.check); !some {
		return code
	}
	root, err := moduleRoot()
	if err == nil {
		err = private()
	}
	var w *World
	if err == nil {
		w, err = newWorld(suite, root)
	}
	if w != nil {
		defer w.close()
	}
	if err != nil {
		fmt.Fprintf(stderr, "chaos: %v\n", err)
		return 2
	}
	go w.lag.Watch(ctx)
	if o.soak > 0 {
		return w.soak(ctx, o.soak, stdout)
	}
	return w.all(ctx, o, filepath.Join(root, "build", "chaos"), stdout)
}

// seeds are the seeds to run, in order.
func (o options) seeds() []uint64 {
	if o.seed != 0 {
		return []uint64{o.seed}
	}
	list := slices.Clone(regressions)
	for n := range uint64(o.count) {
		if seed := o.from + n; !slices.Contains(regressions, seed) {
			list = append(list, seed)
		}
	}
	return list
}

// all runs every schedule and prints a summary.
func (w *World) all(ctx context.Context, o options, logs string, out io.Writer) int {
	began := time.Now()
	seeds := o.seeds()
	next := make(chan uint64)
	results := make(chan Result)
	var workers sync.WaitGroup
	for range min(o.atOnce, len(seeds)) {
		workers.Go(func() {
			for seed := range next {
				results <- w.run(ctx, Make(seed))
			}
		})
	}
	go func() {
		for _, seed := range seeds {
			next <- seed
		}
		close(next)
		workers.Wait()
		close(results)
	}()
	counts := map[string]int{}
	kinds := map[string][]uint64{}
	firsts := map[string]string{} // of the findings of a kind
	var failed []uint64
	for r := range results {
		for what, n := range r.Counts {
			counts[what] += n
		}
		if len(r.Found) > 0 {
			failed = append(failed, r.Schedule.Seed)
			for _, f := range r.Found {
				kind := kindOf(f)
				if kinds[kind] == nil {
					firsts[kind] = f
				}
				kinds[kind] = append(kinds[kind], r.Schedule.Seed)
			}
			r.tell(out, logs)
		} else if o.seed != 0 {
			fmt.Fprintf(out, "seed %d: %s%s\n", r.Schedule.Seed, r.Schedule, r.Log)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "%8d  %s\n", counts[what], what)
	}
	for _, what := range w.skips() {
		fmt.Fprintf(out, "SKIPPED: %s\n", what)
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(out, "broken: %s, seeds %v, the first time:\n  %s\n", kind, slices.Compact(kinds[kind]), firsts[kind])
	}
	if !suitetest.Close(out, began, len(seeds)-len(failed), len(failed), 0) {
		return 1
	}
	return 0
}

// kindOf is which promise a finding is about.
func kindOf(found string) string {
	_, rest, _ := strings.Cut(found, "  ")
	kind, _, _ := strings.Cut(strings.TrimSpace(rest), ":")
	return kind
}

// tell prints a schedule that failed, and keeps its log.
func (r Result) tell(out io.Writer, logs string) {
	fmt.Fprintf(out, "\nseed %d failed after %s: %s", r.Schedule.Seed, clock(r.Took), r.Schedule)
	for _, f := range r.Found {
		fmt.Fprintf(out, "  %s\n", f)
	}
	fmt.Fprintf(out, "the end of its log:\n%s\n", tail(r.Log, 12))
	file := filepath.Join(logs, fmt.Sprintf("seed-%d.log", r.Schedule.Seed))
	if err := os.MkdirAll(logs, 0o755); err == nil {
		if os.WriteFile(file, []byte(r.Log), 0o644) == nil {
			fmt.Fprintf(out, "all of it: %s\n", file)
		}
	}
	fmt.Fprintf(out, "again: make chaos SEED=%d\n\n", r.Schedule.Seed)
}

// moduleRoot is the nearest folder with a go.mod, from the working directory up.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			err = errors.New("there is no go.mod in the working directory or above it")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
