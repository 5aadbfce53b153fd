// E2e runs the cases of examples/spark in real Spark behind the real entrypoint, and says by evidence who did what.
//
//	go run ./e2e/spark [-fixed] [-case N]... [-spark VERSION]... [-delivery NAME]... [-at-once N] [-keep]
//
// It takes root. Each run is this program once more, in a network, mount and process namespace of its own, in which AWS's
// names lead to stand-ins: the strict STS of internal/ststest, and the gate of internal/s3test before moto's S3 and SQS,
// which refuses a request that is not signed by a live session of a role that may do it. Nothing is told any endpoint, and
// nothing leaves the namespace.
//
// In it, Kubernetes is replaced by as little as can be: a standalone master and a worker of Spark's start the executors. The
// worker's java is this program again, which does what the kubelet does: it makes a pod (a home, the environment that the
// submission and EKS give it, nothing of the worker's) and calls the image's entrypoint with "executor". The driver is a pod
// too, called with "driver" and what Spark on Kubernetes calls it with. Behind rolechain's entrypoint is one in the manner of
// upstream Spark's (images/build/standin/entrypoint.sh). What rolechain spark-conf writes is all that a submission has of the role
// chain.
//
// Sessions live for 20 s. A case lasts over several of them because the gate holds back some answers until every session
// that there is has ended (hold.go): whatever comes next needs a new one.
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
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == runArgument {
		os.Exit(asRun(ctx, os.Args[2]))
	}
	if len(os.Args) > 3 && os.Args[1] == executorArgument {
		err := asExecutor(os.Args[2], os.Args[3:])
		fmt.Fprintf(os.Stderr, "starting an executor's pod: %v\n", err)
		os.Exit(1)
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: 0 when every run is as it should be, 1 when one is not, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, code := choose(args, stderr)
	if s == nil {
		return code
	}
	ok, err := s.conduct(ctx, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "e2e: %v\n", err)
	}
	if err != nil || !ok {
		return 1
	}
	return 0
}

type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(value string) error {
	*n = append(*n, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })...)
	return nil
}

// choose reads the arguments; nil and an exit code when there is nothing to run.
func choose(args []string, stderr io.Writer) (*Suite, int) {
	var kases, sparks, deliveries names
	s := &Suite{}
	fixed := false
	flags := flag.NewFlagSet("e2e", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&fixed, "fixed", false, "only the fixed part that every change is measured by")
	flags.Var(&kases, "case", "only this case, 1 to 5; several, or separated by commas")
	flags.Var(&sparks, "spark", "only this Spark: "+strings.Join(sparkVersions, ", "))
	flags.Var(&deliveries, "delivery", "only this delivery: profile, file, endpoint, and the control none")
	flags.IntVar(&s.atOnce, "at-once", 4, "how many runs there are at a time; each takes up to 2 GiB")
	flags.BoolVar(&s.keep, "keep", false, "keep the logs of runs that passed, too")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, 0
	case err != nil:
		return nil, 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "e2e: there are no arguments, but %q\n", flags.Args())
		return nil, 2
	}
	err := s.place()
	if err == nil {
		s.runs, err = filter(allRuns(), fixed, kases, sparks, deliveries)
	}
	if err != nil {
		fmt.Fprintf(stderr, "e2e: %v\n", err)
		return nil, 2
	}
	return s, 0
}
