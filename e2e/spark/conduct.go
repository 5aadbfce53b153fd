package main

import (
	"context"
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
	"rolechain/internal/buildtest"
	"rolechain/internal/suitetest"
)

// A Suite is which runs there are, and how.
type Suite struct {
	root, build string
	runs        []Run
	atOnce      int
	keep        bool
}

func (s *Suite) place() (err error) {
	if s.root, err = suitetest.Root("e2e/spark"); err != nil {
		return err
	}
	if strings.ContainsAny(s.root, " \t") {
		return fmt.Errorf("%q has a blank in it, which the options of JVMs cannot carry: clone the repository elsewhere", s.root)
	}
	s.build = filepath.Join(s.root, "build", "spark-e2e")
	return nil
}

// conduct installs, builds, runs and prints. It reports whether every run is as it should be.
func (s *Suite) conduct(ctx context.Context, out io.Writer) (bool, error) {
	dir, remove, err := suitetest.Authority(slices.Concat(jobs.STSNames, jobs.S3Names(), jobs.SQSNames, jobs.ServiceNames))
	if err != nil {
		return false, err
	}
	defer remove()
	began := time.Now()
	if err := s.install(ctx); err != nil {
		return false, err
	}
	programs := filepath.Join(s.build, "programs")
	if err := buildtest.Programs(programs); err != nil {
		return false, err
	}
	fmt.Fprintf(out, "installed and built in %d s; %d runs\n", int(time.Since(began).Seconds()), len(s.runs))

	var wait sync.WaitGroup
	var mu sync.Mutex
	var results []Result
	turn := make(chan struct{}, max(1, s.atOnce))
	for _, r := range s.runs {
		turn <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-turn }()
			order := Order{Run: r, Dir: dir, Programs: programs, World: jobs.World{
				Root: s.root, Build: s.build, Work: filepath.Join(s.build, "runs", r.Name()), Spark: r.Spark, Delivery: r.Delivery,
			}}
			result := spawn(ctx, order)
			mu.Lock()
			defer mu.Unlock()
			results = append(results, result)
			result.Tell(out, r.String(), order.Work)
			if result.Good() && !s.keep {
				os.RemoveAll(order.Work)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("interrupted: %w", err)
	}
	slices.SortFunc(results, func(a, b Result) int { return strings.Compare(a.Run.Name(), b.Run.Name()) })
	table(out, results)
	failed := len(slices.DeleteFunc(slices.Clone(results), Result.Good))
	return suitetest.Close(out, began, len(results)-failed, failed, 0), nil
}

func (s *Suite) install(ctx context.Context) error {
	var versions, more []string
	for _, r := range s.runs {
		versions = append(versions, r.Spark)
		if name := jobs.Cases[r.Case-1].Jars[r.Spark]; name != "" {
			more = append(more, name)
		}
	}
	slices.Sort(versions)
	slices.Sort(more)
	return errors.Join(jobs.Install(ctx, s.root, s.build, slices.Compact(versions)...), jobs.InstallMore(ctx, s.root, s.build, slices.Compact(more)...))
}
