// E2e runs the cases of examples/spark, and what only a cluster shows, on a real Kubernetes of one node, and says by
// evidence who did what.
//
//	go run ./e2e/kubernetes [-fixed] [-case NAME]... [-at-once N]
//	go run ./e2e/kubernetes -up     # a cluster that stays; prints its kubeconfig, and a kubectl that reaches it
//	go run ./e2e/kubernetes -down   # ends it
//	go run ./e2e/kubernetes -tools  # only builds what a cluster consists of
//
// Drivers and executors are made by Spark in cluster mode, from the submission that rolechain spark-conf writes and pod
// templates of EMR's shape (template.go), beside a log shipper. The image is the stand-in for EMR's, made of the same files
// as images/build/standin. A webhook does what EKS's does (package eks): so the first hop is the kubelet's own token, and the
// strict STS of internal/ststest has the cluster's issuer and keys. AWS's names lead a pod to the STS of its case, and to the
// gate of internal/s3test, whose journal is what the case is judged by (package jobs). Sessions live for 20 s in most cases.
//
// It takes root. Kubernetes is built once, for some minutes, into build/k8s; package cluster has the rest. The cluster's
// network is a namespace of its own, which no other process reaches: the kubectl that -up prints enters it. It has the API
// MutatingAdmissionPolicy (admissionregistration.k8s.io/v1beta1).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"rolechain/e2e/kubernetes/cluster"
	"rolechain/internal/suitetest"
)

func main() {
	cluster.Reexec()
	suitetest.Main("k8s-e2e", partArgument, asPart, choose)
}

// choose reads the arguments; nil and an exit code when there is nothing to run.
func choose(args []string, stderr io.Writer) (suitetest.Conductor, int) {
	s := &Suite{}
	var chosen suitetest.Names
	up, down, fixed, tools := false, false, false, false
	run, code := suitetest.Parse("k8s-e2e", args, stderr, func(flags *flag.FlagSet) {
		flags.BoolVar(&up, "up", false, "start a cluster that stays")
		flags.BoolVar(&down, "down", false, "end it")
		flags.BoolVar(&tools, "tools", false, "only build what a cluster consists of")
		flags.IntVar(&s.atOnce, "at-once", 1, "how many cases there are at a time; each takes up to 3 GiB, and two processors")
		flags.BoolVar(&fixed, "fixed", false, "only the fixed part that every change is measured by")
		flags.Var(&chosen, "case", "only this case, by its name in the table; several, or separated by commas")
	}, func() (err error) {
		if up && down {
			return errors.New("either -up or -down")
		}
		s.cases, err = filter(all(), fixed, chosen)
		return errors.Join(s.place(), err)
	})
	switch {
	case !run:
		return nil, code
	case up:
		return s.up, 0
	case down:
		return s.down, 0
	case tools:
		return func(ctx context.Context, _ io.Writer) (bool, error) {
			return true, buildTools(ctx, s.root, s.bin())
		}, 0
	default:
		return s.conduct, 0
	}
}

// filter keeps the cases that were asked for.
func filter(all []Case, fixed bool, names suitetest.Names) ([]Case, error) {
	return suitetest.Choose(all, suitetest.Only(fixed, func(c Case) bool { return c.Fixed }),
		suitetest.Filter[Case]{Names: names, Has: func(c Case, name string) bool { return c.Name == name }})
}

// A Suite is what there is to run.
type Suite struct {
	root, build string
	cases       []Case
	atOnce      int
}

func (s *Suite) place() (err error) {
	if s.root, err = suitetest.Root("e2e/kubernetes"); err != nil {
		return err
	}
	s.build = filepath.Join(s.root, "build", "k8s")
	return nil
}

func (s *Suite) bin() string { return filepath.Join(s.build, "bin") }

// sparks is where e2e/spark has its installations.
func (s *Suite) sparks() string { return filepath.Join(s.root, "build", "spark-e2e") }

// check looks for what must be there.
func check() error {
	if os.Geteuid() != 0 {
		return errors.New("the suite needs root, for namespaces of its own")
	}
	for program, hint := range map[string]string{"containerd": "containerd", "ctr": "containerd", "runc": "runc", "ip": "iproute2"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("looking for %s: %w; install Debian's package %s", program, err, hint)
		}
	}
	if _, err := os.Stat("/usr/lib/cni/bridge"); err != nil {
		return fmt.Errorf("looking for network plugins: %w; install Debian's package containernetworking-plugins", err)
	}
	return nil
}
