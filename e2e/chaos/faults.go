package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"rolechain/internal/ststest"
)

// fault puts a fault in force for its time.
func (r *Run) fault(ctx context.Context, f Fault) {
	pause(ctx, time.Until(r.judge.began.Add(f.At)))
	if ctx.Err() != nil {
		return
	}
	if turn := r.turns[familyOf(f.Kind)]; turn != nil { // the one before may have been late
		turn.Lock()
		defer turn.Unlock()
	}
	window := r.judge.open(f.Kind, 0)
	heal, err := r.apply(ctx, f)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		r.w.skip(f.Kind)
		r.judge.shut(window, -time.Since(window.from))
		return
	case err != nil:
		r.judge.fail("a broken harness", "%s: %v", f.Kind, err)
	}
	if strings.HasPrefix(f.Kind, "kill-") || strings.HasPrefix(f.Kind, "abort-") {
		r.lookForBoth(ctx)
	}
	pause(ctx, f.For)
	if heal != nil {
		if err := heal(); err != nil {
			r.judge.fail("a broken harness", "healing %s: %v", f.Kind, err)
		}
	}
	r.judge.shut(window, 0)
}

// apply does it, and returns what heals it.
func (r *Run) apply(ctx context.Context, f Fault) (heal func() error, err error) {
	switch familyOf(f.Kind) {
	case "sts":
		return r.stsFault(f)
	case "token":
		return r.tokenFault(f)
	case "process":
		return r.processFault(ctx, f)
	case "client":
		return r.crowd(f), nil
	case "log":
		return r.pod.log.stop()
	}
	switch f.Kind {
	case "full":
		return r.home.fill()
	case "read-only":
		return r.home.seal()
	case "frozen":
		return r.home.freeze()
	case "removed":
		return r.home.removeAll()
	case "link", "dangling-link":
		return r.home.link(f.Kind == "dangling-link")
	case "limit-processes":
		return func() error { return r.group.lift("pids") }, r.group.limit("pids", 0)
	case "limit-memory":
		return func() error { return r.group.lift("memory") }, r.group.limit("memory", f.N<<20)
	case "limit-files":
		_, worker := r.w.procs.refresher(r.pod.mark, r.pod.original)
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", worker))
		if err != nil {
			return nil, nil // it has just died
		}
		_ = limitFiles(worker, uint64(len(open)+f.N))
		return func() error { _ = limitFiles(worker, 1<<20); return nil }, nil
	}
	return nil, fmt.Errorf("%q is no fault", f.Kind)
}

// stsFault makes STS answer otherwise. Of faults that overlap the first one counts.
func (r *Run) stsFault(f Fault) (heal func() error, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.Kind == "down" {
		if r.down++; r.down == 1 {
			r.sts.Down()
		}
		return func() error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.down--; r.down > 0 {
				return nil
			}
			return r.sts.Up()
		}, nil
	}
	fault := ststest.Fault{Kind: ststest.FaultKind(f.Kind)}
	switch f.Kind {
	case "slow":
		fault.DelaySeconds = float64(f.N) / 1000
	case "short":
		fault.LifetimeSeconds = f.N
	}
	entry := &fault
	r.stsFaults = append(r.stsFaults, entry)
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sts.ClearFaults()
		left := r.stsFaults[:0]
		for _, other := range r.stsFaults {
			if other != entry {
				left = append(left, other)
				if err := r.sts.Inject(*other); err != nil {
					return err
				}
			}
		}
		r.stsFaults = left
		return nil
	}, r.sts.Inject(fault)
}

func (r *Run) tokenFault(f Fault) (heal func() error, err error) {
	heal = func() error { return writeFor(r.tokenFile, r.sts.Token(subject), r.pod.user) }
	switch f.Kind {
	case hungToken:
		return r.hangToken()
	case "token-gone":
		return heal, os.Remove(r.tokenFile)
	case "token-garbage":
		return heal, writeFor(r.tokenFile, "not a token but what a broken disk might give", r.pod.user)
	case "token-expired":
		return heal, writeFor(r.tokenFile, r.sts.Token(subject, ststest.WithLifetime(-time.Hour)), r.pod.user)
	}
	return nil, heal()
}

// writeFor replaces a file as the kubelet does: at once.
func writeFor(path, content string, user int) error {
	temp := path + ".new"
	if err := os.WriteFile(temp, []byte(content), 0o600); err != nil {
		return err
	}
	if err := os.Chown(temp, user, 1000); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// sinceStopped says when a process that was sent SIGSTOP has stopped, which is when its last thread has, and what waitid(2) goes by. A
// thread in a read that hangs does not stop until the read is back; if the kernel has chosen it to take the signal, the others go on.
func sinceStopped(ctx context.Context, pid int) <-chan time.Time {
	stopped := make(chan time.Time, 1)
	go func() {
		for ctx.Err() == nil {
			threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
			goesOn := func(stat string) bool {
				line, err := os.ReadFile(stat)
				_, state, found := bytes.Cut(line, []byte(") "))
				return err == nil && found && state[0] != 'T'
			}
			switch {
			case len(threads) == 0: // it has been replaced
				return
			case !slices.ContainsFunc(threads, goesOn):
				stopped <- time.Now()
				return
			}
			pause(ctx, 10*time.Millisecond)
		}
	}()
	return stopped
}

// processFault kills or stops one of the two processes. Where nobody is left to replace the worker, the endpoint may fail:
// r.watch sees when both are gone.
func (r *Run) processFault(ctx context.Context, f Fault) (heal func() error, err error) {
	var supervisor, worker int
	for range 100 {
		if supervisor, worker = r.w.procs.refresher(r.pod.mark, r.pod.original); worker != 0 {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f.Kind {
	case "kill-worker", "abort-worker", "stop-worker":
		r.workerHit = time.Now()
		if r.stopped && r.excuse == nil {
			r.excuse = r.judge.open("excused", 0)
		}
	case "kill-supervisor", "abort-supervisor":
		if time.Since(r.workerHit) < replaced+3*r.w.lag.Worst() {
			w := r.judge.open("excused", replaced)
			r.judge.shut(w, 2*replaced)
		}
	}
	verb, _, _ := strings.Cut(f.Kind, "-")
	signal := map[string]unix.Signal{"kill": unix.SIGKILL, "abort": unix.SIGABRT, "stop": unix.SIGSTOP}[verb]
	switch f.Kind {
	case "kill-worker", "abort-worker":
		r.judge.shut(r.judge.open("worker died", 0), time.Second)
		kill(worker, signal)
	case "stop-worker":
		kill(worker, signal)
		var alone *Window
		if supervisor == 0 {
			alone = r.judge.open("excused", 0)
		}
		stopped := sinceStopped(ctx, worker)
		return func() error {
			select {
			case since := <-stopped:
				if supervisor, now := r.w.procs.refresher(r.pod.mark, r.pod.original); supervisor != 0 && now == worker && time.Since(since) > r.judge.replacing(since, time.Now()) &&
					!r.judge.during(since, time.Now(), "stop-supervisor", "limit/") {
					r.judge.fail("a worker that is not replaced", "it has been stopped for %s: %s", clock(time.Since(since)), describe(r.w.procs.of(r.pod.mark)))
				}
			default:
			}
			kill(worker, unix.SIGCONT)
			if alone != nil {
				r.judge.shut(alone, 2*replaced)
			}
			return nil
		}, nil
	case "kill-supervisor", "abort-supervisor":
		if kill(supervisor, signal) {
			r.judge.shut(r.judge.open("supervisor died", 0), 0)
		}
	case "stop-supervisor":
		r.stopped = kill(supervisor, signal)
		if time.Since(r.workerHit) < 2*replaced+3*r.w.lag.Worst() && r.excuse == nil {
			r.excuse = r.judge.open("excused", replaced)
		}
		return func() error {
			r.mu.Lock()
			defer r.mu.Unlock()
			kill(supervisor, unix.SIGCONT)
			r.stopped = false
			if r.excuse != nil {
				r.judge.shut(r.excuse, 3*replaced)
				r.excuse = nil
			}
			return nil
		}, nil
	}
	return nil, nil
}
