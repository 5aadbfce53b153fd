package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/internal/suitetest"
)

// runArgument is this program's first argument when it is a run.
const runArgument = "-run"

// spawn has this program do a run in namespaces of its own, whose end ends everything in them.
func spawn(ctx context.Context, order Order) Result {
	problem := func(err error, said string) Result {
		return Result{order.Run, jobs.Result{Problem: fmt.Sprintf("%v: %s", err, strings.TrimSpace(said))}}
	}
	if err := os.RemoveAll(order.Work); err != nil {
		return problem(err, "")
	}
	if err := os.MkdirAll(order.Work, 0o755); err != nil {
		return problem(err, "")
	}
	began := time.Now()
	var r Result
	said, err := suitetest.Spawn(ctx, runArgument, order, func(line []byte) error { return json.Unmarshal(line, &r) })
	if err == nil && r.Run != order.Run {
		err = errors.New("the run ended without a result")
	}
	if err != nil {
		return problem(err, said)
	}
	r.Seconds = int(time.Since(began).Seconds())
	return r
}

// asRun is the program as a run: it writes the Result to stdout.
func asRun(ctx context.Context, order string) error {
	var w world
	if err := json.Unmarshal([]byte(order), &w.Order); err != nil {
		return err
	}
	w.Plan = jobs.Cases[w.Run.Case-1]
	return w.run(ctx)
}

func (w *world) run(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	defer w.Moto.End()
	s, err := w.submit(ctx)
	if err != nil {
		return err
	}
	if err := w.startCluster(ctx, s); err != nil {
		return err
	}
	code, err := w.drive(ctx, s)
	// Of a job that does not end, too: nothing else says what it was doing.
	if err := errors.Join(err, w.WriteJournal()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(w.judge(ctx, code))
}
