package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"rolechain/internal/podtest"
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
	order, err := json.Marshal(setup)
	if err != nil {
		result.Problem = err
		return result
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", podArgument, string(order))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: podtest.Namespaces, Pdeathsig: syscall.SIGKILL}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		result.Problem = fmt.Errorf("starting a pod (that takes root): %w", err)
		return result
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o Observation
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			result.Problem = fmt.Errorf("reading what a pod says: %w", err)
			break
		}
		switch {
		case o.Moment != "":
			result.Observed = append(result.Observed, o)
		case once != nil:
			once()
			once = nil
		}
	}
	if err := cmd.Wait(); err != nil && result.Problem == nil {
		result.Problem = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	} else if setup.Verbose {
		os.Stderr.Write(stderr.Bytes())
	}
	if n := len(setup.Cell.Moments()); result.Problem == nil && len(result.Observed) != n {
		result.Problem = fmt.Errorf("%d of %d moments were observed", len(result.Observed), n)
	}
	return result
}

// asPod is the program as a pod.
func asPod(ctx context.Context, order string) int {
	var setup Setup
	err := json.Unmarshal([]byte(order), &setup)
	if err == nil {
		if setup.Cell.Real {
			setup.Programs = filepath.Join(setup.Build, withClock)
		} else {
			setup.Programs = filepath.Join(setup.Build, asShipped)
		}
		err = runPod(ctx, setup, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
