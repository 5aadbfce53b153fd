// Refresher measures what the deliveries with a refresher cost: until the first session, in calls to STS, for each
// request to the endpoint, and in memory.
//
//	go run ./bench/refresher [-rounds N] [-requests N] [-python FILE]
//
// It needs Linux on amd64 or arm64, and Go. The programs are the real ones, started as in a container; STS is the strict
// stand-in of internal/ststest, in this process and on loopback. Reading the refresher's memory needs root, because the
// refresher hides it. A HOME on disk is where temporary files are ($TMPDIR). It takes less than a minute; `-requests 1000000` takes half a minute more.
//
// Times say more of the machine and the hour than of a program, so what is compared is measured in turns in one run: every
// round does everything once, in a new order, and what is printed is the median of the rounds' own ratios or differences,
// with their 10th and 90th percentile.
//
//   - The first session. From the spawn of the entrypoint to the first instructions of the original, beside the two calls
//     to STS that a chain needs at the least, made by the same SDK in a process that is already there, and beside the
//     start in profile delivery, which makes none. With an STS that takes 30 ms for each answer it shows how often a
//     start waits for it.
//   - Calls to STS. What the stand-in counts of a pod in which so many SDK sessions begin at once, each in a
//     process of its own: AWS SDK for Go v2, and with -python boto3.
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
	"flag"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

type options struct {
	rounds   int
	requests int
	python   string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 30, "`number` of rounds of starts, and of requests to the endpoint")
	flag.IntVar(&o.requests, "requests", 100_000, "`number` of requests before memory is looked at again")
	flag.StringVar(&o.python, "python", "", "count the calls of boto3 too, with this python `file` that has it")
	rig.Main(o.bench)
}

func (o *options) bench(ctx context.Context, w *rig.Workspace, out io.Writer) error {
	// The refreshers of jobs that have ended become our children, so that the end of each can be waited for.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopting the refreshers: %w", err)
	}
	c, err := newCluster(w)
	if err != nil {
		return err
	}
	defer c.sts.Close()
	fmt.Fprintf(out, "what file and endpoint delivery cost, %s/%s, %d CPUs\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprintln(out, "medians of rounds in which everything took its turn (10th-90th percentile); aims are no limits")
	for _, part := range []func(context.Context, *cluster, options, io.Writer) error{firstSession, stsCalls, load, memory} {
		fmt.Fprintln(out)
		if err := part(ctx, c, *o, out); err != nil {
			return err
		}
	}
	return nil
}
