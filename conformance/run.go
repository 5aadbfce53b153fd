package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// maxPods is how many pods there are at a time. They wait most of the time; a JVM takes 150 MB.
const maxPods = 72

// A Report is the whole run.
type Report struct {
	Results []Result
	Skipped map[string]string // reason by folder of the probe
	Failed  map[string]error  // of installation, by folder
}

// installAll installs the probes of the cells, two at a time.
func installAll(root, build string, cells []Cell, out io.Writer) Report {
	report := Report{Skipped: map[string]string{}, Failed: map[string]error{}}
	var folders []string
	for _, c := range cells {
		folder, _, _ := strings.Cut(c.SDK, "/")
		folders = append(folders, folder)
		if c.Delivery == script {
			folders = append(folders, "awscli") // which the script calls
		}
	}
	slices.Sort(folders)
	var wait sync.WaitGroup
	var mu sync.Mutex
	turn := make(chan struct{}, 2)
	for _, folder := range slices.Compact(folders) {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			err := install(root, build, folder)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, errCannot):
				report.Skipped[folder] = err.Error()
				fmt.Fprintln(out, "SKIPPED:", err)
			case err != nil:
				report.Failed[folder] = err
			}
		})
	}
	wait.Wait()
	return report
}

// runAll runs the cells, many at a time but few in their start, and calls each for every result as it comes.
func runAll(ctx context.Context, setup Setup, cells []Cell, each func(Result)) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	pods := make(chan struct{}, maxPods)
	starts := make(chan struct{}, runtime.NumCPU()+1)
	for _, cell := range longestFirst(cells) {
		pods <- struct{}{}
		starts <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-pods }()
			setup := setup
			setup.Cell = cell
			result := spawn(ctx, setup, func() { <-starts })
			mu.Lock()
			defer mu.Unlock()
			each(result)
		})
	}
	wait.Wait()
}
