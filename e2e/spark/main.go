// E2e runs the cases of examples/spark in real Spark behind the real entrypoint, and says by evidence who did what.
//
//	go run ./e2e/spark [-fixed] [-case N]... [-spark VERSION]... [-delivery NAME]... [-at-once N] [-keep]
//	go run ./e2e/spark -tools [-fixed]...  # only installs what the runs need
//
// It takes root. Each run is this program once more, in a network, mount and process namespace of its own, in which AWS's
// names lead to stand-ins: the strict STS of internal/ststest, and the gate of internal/s3test before moto's S3 and SQS,
// which refuses a request that is not signed by a live session of a role that may do it. Glue and Kinesis are moto's behind such
// a check, too (e2e/jobs/services.go), and behind it a stand-in is the REST catalogs of Glue and S3 Tables. Nothing is told any
// endpoint, and nothing leaves the namespace.
//
// In it, Kubernetes is replaced by as little as can be: a standalone master and a worker of Spark's start the executors. The
// worker's java is this program again, which does what the kubelet does: it makes a pod (a home, the environment that the
// submission and EKS give it, nothing of the worker's) and calls the image's entrypoint with "executor". The driver is a pod
// too, called with "driver" and what Spark on Kubernetes calls it with. Behind rolechain's entrypoint is one in the manner of
// upstream Spark's (images/build/standin/entrypoint.sh). What rolechain spark-conf writes is all that a submission has of the role
// chain.
//
// Sessions live for 20 s. A case lasts over several of them because the gate holds back some answers until every session
// that there is has ended (package jobs): whatever comes next needs a new one.
//
// A run without rolechain has to fail: it passes when it fails for the reason that it should.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/suitetest"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == executorArgument {
		err := asExecutor(os.Args[2], os.Args[3:])
		fmt.Fprintf(os.Stderr, "starting an executor's pod: %v\n", err)
		os.Exit(1)
	}
	suitetest.Main("spark-e2e", runArgument, asRun, choose)
}

// choose reads the arguments; nil and an exit code when there is nothing to run.
func choose(args []string, stderr io.Writer) (suitetest.Conductor, int) {
	var kases, sparks, deliveries suitetest.Names
	s := &Suite{}
	fixed, tools := false, false
	run, code := suitetest.Parse("spark-e2e", args, stderr, func(flags *flag.FlagSet) {
		flags.BoolVar(&fixed, "fixed", false, "only the fixed part that every change is measured by")
		flags.BoolVar(&tools, "tools", false, "only install what the runs need")
		flags.Var(&kases, "case", fmt.Sprintf("only this case, 1 to %d; several, or separated by commas", len(jobs.Cases)))
		flags.Var(&sparks, "spark", "only this Spark: "+strings.Join(sparkVersions, ", "))
		flags.Var(&deliveries, "delivery", "only this delivery: profile, file, endpoint, and the control none")
		flags.IntVar(&s.atOnce, "at-once", 4, "how many runs there are at a time; each takes up to 2 GiB")
		flags.BoolVar(&s.keep, "keep", false, "keep the logs of runs that passed, too")
	}, func() (err error) {
		s.runs, err = filter(allRuns(), fixed, kases, sparks, deliveries)
		return errors.Join(s.place(), err)
	})
	switch {
	case !run:
		return nil, code
	case tools:
		return func(ctx context.Context, _ io.Writer) (bool, error) { return true, s.install(ctx) }, 0
	}
	return s.conduct, 0
}
