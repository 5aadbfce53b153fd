package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

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
	if setup.Cell.Real {
		done, err := ahead()
		if err != nil {
			result.Problem = err
			return result
		}
		defer done()
	}
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

// ahead lets what this goroutine starts have the processor before everybody else, until done is called. It is for pods whose
// clock is fast: an SDK's 5 s for an answer are 170 ms of the machine's there, and a busy one took longer.
func ahead() (done func(), err error) {
	const wanted = -15
	runtime.LockOSThread() // which has the priority that its children get
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		err = unix.Setpriority(unix.PRIO_PROCESS, 0, wanted)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("giving a pod with a fast clock its priority: %w", err)
	}
	return func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 20-raw) // as getpriority(2) of the kernel counts
		runtime.UnlockOSThread()
	}, nil
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
