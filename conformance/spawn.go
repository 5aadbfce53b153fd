package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"rolechain/internal/suitetest"
)

// podArgument is this program's first argument when it is a pod.
const podArgument = "-pod"

// A Result is what became of a cell.
type Result struct {
	Cell     Cell
	Observed []Observation
	Problem  error // of the suite, not of the SDK: nothing can be said about the moments that are not observed
}

// spawn runs a cell in a pod: this program once more, in namespaces of its own. A pod's end ends all that ran in it.
// begun is called once, when the SDK has answered for the first time or never will: starting costs processor time,
// the rest is waiting.
func spawn(ctx context.Context, setup Setup, begun func()) (result Result) {
	result.Cell = setup.Cell
	once := begun
	defer func() {
		if once != nil {
			once()
		}
	}()
	work, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		result.Problem = err
		return result
	}
	defer os.RemoveAll(work)
	setup.Work = work
	said, err := suitetest.Spawn(ctx, podArgument, setup, func(line []byte) error {
		var o Observation
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		switch {
		case o.Moment != "":
			result.Observed = append(result.Observed, o)
		case once != nil:
			once()
			once = nil
		}
		return nil
	})
	if err != nil {
		result.Problem = err
	} else if setup.Verbose {
		fmt.Fprintln(os.Stderr, said)
	}
	if n := len(setup.Cell.Moments()); result.Problem == nil && len(result.Observed) != n {
		result.Problem = fmt.Errorf("%d of %d moments were observed", len(result.Observed), n)
	}
	return result
}

// asPod is the program as a pod.
func asPod(ctx context.Context, order string) error {
	var setup Setup
	if err := json.Unmarshal([]byte(order), &setup); err != nil {
		return err
	}
	setup.Programs = filepath.Join(setup.Build, asShipped)
	if setup.Cell.Real {
		setup.Programs = filepath.Join(setup.Build, withClock)
	}
	return runPod(ctx, setup, os.Stdout)
}
