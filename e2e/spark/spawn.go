package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rolechain/internal/podtest"
)

// runArgument is this program's first argument when it is a run.
const runArgument = "-run"

// spawn has this program do a run in namespaces of its own, whose end ends everything in them.
func spawn(ctx context.Context, order Order) Result {
	problem := func(err error, said string) Result {
		return Result{Run: order.Run, Problem: fmt.Sprintf("%v: %s", err, strings.TrimSpace(said))}
	}
	if err := os.RemoveAll(order.Work); err != nil {
		return problem(err, "")
	}
	if err := os.MkdirAll(order.Work, 0o755); err != nil {
		return problem(err, "")
	}
	data, err := json.Marshal(order)
	if err != nil {
		return problem(err, "")
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", runArgument, string(data))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: podtest.Namespaces, Pdeathsig: syscall.SIGKILL}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return problem(err, stderr.String())
	}
	var r Result
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		return problem(err, stdout.String())
	}
	r.Seconds = int(time.Since(began).Seconds())
	return r
}

// asRun is the program as a run: it writes the Result to stdout.
func asRun(ctx context.Context, order string) int {
	var w world
	err := json.Unmarshal([]byte(order), &w.Order)
	if err == nil {
		w.plan = cases[w.Run.Case-1]
		err = w.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (w *world) run(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	defer w.moto.end()
	s, err := w.submit(ctx)
	if err != nil {
		return err
	}
	if err := w.startCluster(ctx, s); err != nil {
		return err
	}
	code, err := w.drive(ctx, s)
	// Of a job that does not end, too: nothing else says what it was doing.
	if err := errors.Join(err, w.writeJournal()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(w.judge(ctx, code))
}

// writeJournal keeps what the gate has seen, a line of JSON for each request.
func (w *world) writeJournal() error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, e := range w.gate.Journal() {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(w.Work, "journal.jsonl"), b.Bytes(), 0o644)
}
