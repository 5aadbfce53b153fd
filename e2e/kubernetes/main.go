// E2e runs the cases of examples/spark, and what only a cluster shows, on a real Kubernetes of one node, and says by
// evidence who did what.
//
//	go run ./e2e/kubernetes -up     # a cluster that stays; prints its kubeconfig, and a kubectl that reaches it
//	go run ./e2e/kubernetes -down   # ends it
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
	up, down := false, false
	run, code := suitetest.Parse("k8s-e2e", args, stderr, func(flags *flag.FlagSet) {
		flags.BoolVar(&up, "up", false, "start a cluster that stays")
		flags.BoolVar(&down, "down", false, "end it")
	}, func() error {
		if up == down {
			return errors.New("either -up or -down")
		}
		return s.place()
	})
	switch {
	case !run:
		return nil, code
	case up:
		return s.up, 0
	default:
		return s.down, 0
	}
}

// A Suite is what there is to run.
type Suite struct {
	root, build string
}

func (s *Suite) place() (err error) {
	if s.root, err = os.Getwd(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.root, "e2e", "kubernetes")); err != nil {
		return fmt.Errorf("call it from the repository's root: %w", err)
	}
	s.build = filepath.Join(s.root, "build", "k8s")
	return nil
}

func (s *Suite) bin() string { return filepath.Join(s.build, "bin") }

func (s *Suite) prepare(ctx context.Context, out io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("the suite needs root, for namespaces of its own")
	}
	for program, hint := range map[string]string{"containerd": "containerd", "ctr": "containerd", "runc": "runc", "ip": "iproute2"} {
		if _, err := lookPath(program); err != nil {
			return fmt.Errorf("looking for %s: %w; install Debian's package %s", program, err, hint)
		}
	}
	if _, err := os.Stat("/usr/lib/cni/bridge"); err != nil {
		return fmt.Errorf("looking for network plugins: %w; install Debian's package containernetworking-plugins", err)
	}
	return buildTools(ctx, s.root, s.bin())
}
