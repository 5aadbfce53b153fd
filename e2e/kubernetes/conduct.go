package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/e2e/kubernetes/cluster"
	"rolechain/internal/suitetest"
)

// partArgument is this program's first argument in the namespaces.
const partArgument = "run"

// An Order is what the process in the namespaces gets from the suite.
type Order struct {
	Root, Build, Sparks string // the repository, build/k8s and build/spark-e2e
	Programs            string // Kubernetes, and our programs
	Work                string // folder for what is kept of a failure
	Authority           string // directory of AWS's certificates
	Cases               []string
	AtOnce              int  // how many of them
	Stay                bool // a cluster that stays, and nothing else
}

// asPart runs in the namespaces.
func asPart(ctx context.Context, text string) error {
	var o Order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if o.Stay {
		return stay(ctx, o)
	}
	s, err := begin(ctx, o)
	if s != nil {
		defer s.Stop()
	}
	if err != nil {
		return err
	}
	if !s.runAll(ctx) {
		return errors.New("not everything was as it should be")
	}
	return nil
}

// conduct prepares, runs the cases in namespaces of their own and reports whether all of them passed.
func (s *Suite) conduct(ctx context.Context, out io.Writer) (bool, error) {
	began := time.Now()
	if err := check(); err != nil {
		return false, err
	}
	// What is downloaded and unpacked leaves processors to the compiler.
	var wait sync.WaitGroup
	var tools error
	wait.Go(func() { tools = buildTools(ctx, s.root, s.bin()) })
	err := jobs.Install(ctx, s.root, s.sparks(), sparkVersion)
	base := ""
	if err == nil {
		base, err = s.rootfs(ctx)
	}
	wait.Wait()
	if err := errors.Join(tools, err); err != nil {
		return false, err
	}
	authority, remove, err := suitetest.Authority(names())
	if err != nil {
		return false, err
	}
	defer remove()
	if err := s.images(ctx, base, authority); err != nil {
		return false, err
	}
	fmt.Fprintf(out, "built in %d s; %d cases\n", int(time.Since(began).Seconds()), len(s.cases))
	work := filepath.Join(s.build, "runs")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return false, err
	}
	order := Order{Root: s.root, Build: s.build, Sparks: s.sparks(), Programs: s.bin(), Work: work, Authority: authority, AtOnce: s.atOnce}
	for _, c := range s.cases {
		order.Cases = append(order.Cases, c.Name)
	}
	text, err := json.Marshal(order)
	if err != nil {
		return false, err
	}
	dir := filepath.Join(work, "cluster")
	cmd, err := cluster.Enclose(true, os.Stdout, []string{filepath.Join(dir, "containerd"), filepath.Join(dir, "kubelet"), filepath.Join(dir, "etcd"), filepath.Join(dir, "pki")},
		partArgument, string(text))
	if err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
		return err == nil, nil
	case <-ctx.Done():
		_ = cmd.Process.Kill() // all of it
		<-ended
		return false, ctx.Err()
	}
}

// A Result is what became of a case.
type Result struct {
	Case Case
	jobs.Result
}

// runAll runs the cases, some at once, and reports whether all passed.
func (s *site) runAll(ctx context.Context) bool {
	began := time.Now()
	fmt.Printf("the cluster is up\n")
	var wait sync.WaitGroup
	var mu sync.Mutex
	var results []Result
	numbers := make(chan int, max(1, s.AtOnce))
	for number := range cap(numbers) {
		numbers <- number
	}
	for _, c := range all() {
		if !slices.Contains(s.Order.Cases, c.Name) {
			continue
		}
		number := <-numbers
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { numbers <- number }()
			r := s.runCase(ctx, c, number)
			mu.Lock()
			defer mu.Unlock()
			results = append(results, r)
			r.Tell(os.Stdout, c.Name, filepath.Join(s.Work, c.Name))
		})
	}
	wait.Wait()
	table(os.Stdout, results)
	failed := 0
	for _, r := range results {
		if !r.Good() {
			failed++
		}
	}
	return suitetest.Close(os.Stdout, began, len(results)-failed, failed, 0)
}

func (s *site) runCase(ctx context.Context, c Case, number int) Result {
	began := time.Now()
	r := Result{Case: c}
	t, err := s.open(ctx, c, number)
	if t != nil {
		if err == nil {
			err = c.run(ctx, t)
		}
		if t.Gate != nil {
			r.Roles, r.Sessions = jobs.Seen(t.Gate.Journal())
		}
		err = errors.Join(err, t.close(ctx))
		r.Surprises = t.surprises
	}
	if err != nil {
		r.Problem = err.Error()
	}
	r.Seconds = int(time.Since(began).Seconds())
	return r
}

// table prints all of them.
func table(out io.Writer, results []Result) {
	fmt.Fprint(out, "\n| case | what | roles seen | sessions | seconds | |\n|---|---|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(out, "| %s | %s | %s | %d | %d | %s |\n", r.Case.Name, r.Case.about, strings.Join(r.Roles, "; "), r.Sessions, r.Seconds, r.Word("as it should be"))
	}
}
