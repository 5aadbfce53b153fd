// Refresher measures what the deliveries with a refresher cost: until the first session, in calls to STS, for each
// request to the endpoint, and in memory.
//
//	go run ./bench/refresher [-starts N] [-loads N] [-requests N] [-disk DIR] [-python FILE]
//
// It needs Linux on amd64 or arm64, and Go. The programs are the real ones, started as in a container; STS is the strict
// stand-in of internal/ststest, in this process and on loopback. Reading the refresher's memory needs root, because the
// refresher hides it. It takes less than a minute; `-requests 1000000` takes half a minute more.
//
// Times say more of the machine and the hour than of a program, so what is compared is measured in turns in one run: every
// round does everything once, in a new order, and what is printed is the median of the rounds' own ratios or differences,
// with their 10th and 90th percentile.
//
//   - The first session. From the spawn of the entrypoint to the first instructions of the original, beside the two calls
//     to STS that a chain needs at the least, made by the same SDK in a process that is already there, and beside the
//     start in profile delivery, which makes none. With an STS that takes 30 ms for each answer it shows how often a
//     start waits for it.
//   - Calls to STS. What the stand-in counts of a pod in which so many SDK sessions begin at once, each with a
//     configuration of its own: AWS SDK for Go v2, and with -python boto3, a process each.
//   - Requests to the endpoint. Requests per second and latencies beside a bare net/http handler that writes the same
//     bytes in a process of its own, once with Go's defaults and once with the runtime settings of the refresher's worker,
//     which keeps to one CPU and a small heap. The client shares the CPUs with them; it writes and reads bytes and is no
//     http.Client, so that its own work hides little.
//   - Memory. Private_Clean and Private_Dirty of /proc/PID/smaps_rollup, of supervisor and worker together, after the
//     start and after -requests requests. Pages of the program's file that only one of the two has touched are in it: with
//     several such pods on a node they are shared. The anonymous part is each one's own.
//
// rolechain's aims stand beside the figures. They are no limits: the exit code is 0 whenever everything could be run.
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

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

type options struct {
	starts   int    // rounds of starts
	loads    int    // rounds of requests
	requests int    // before memory is looked at again
	disk     string // a directory that is not on tmpfs
	python   string // with boto3; "" for none
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	return rig.Main("bench/refresher", args, stdout, stderr, func(flags *flag.FlagSet) {
		flags.IntVar(&o.starts, "starts", 30, "`number` of rounds of starts")
		flags.IntVar(&o.loads, "loads", 30, "`number` of rounds of requests to the endpoint")
		flags.IntVar(&o.requests, "requests", 100_000, "`number` of requests before memory is looked at again")
		flags.StringVar(&o.disk, "disk", os.TempDir(), "`directory` for a HOME on disk")
		flags.StringVar(&o.python, "python", "", "count boto3's calls too, with this python `file`")
	}, func() (err error) {
		if o.starts < 1 || o.loads < 1 || o.requests < 1 {
			return fmt.Errorf("-starts %d -loads %d -requests %d: at least 1", o.starts, o.loads, o.requests)
		}
		if o.python != "" {
			o.python, err = filepath.Abs(o.python)
		}
		return err
	}, o.bench)
}

func (o *options) bench(ctx context.Context, out io.Writer) (err error) {
	// The refreshers of jobs that have ended become our children, so that the end of each can be waited for.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopting the refreshers: %w", err)
	}
	dir, places, notes, remove, err := rig.Workspace(o.disk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	c, err := newCluster(dir)
	if err != nil {
		return err
	}
	defer c.close()
	fmt.Fprintf(out, "what file and endpoint delivery cost, %s/%s, %d CPUs\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintln(out, "medians of rounds in which everything took its turn (10th-90th percentile); aims are no limits")
	for _, part := range []func(context.Context, *cluster, options, []rig.Place, io.Writer) error{firstSession, stsCalls, load, memory} {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		fmt.Fprintln(out)
		if err := part(ctx, c, *o, places, out); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	for _, note := range notes {
		fmt.Fprintln(out, note)
	}
	return nil
}
