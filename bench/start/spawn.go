package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A start is what one spawned entrypoint took.
type start struct {
	nanoseconds int64          // from before the spawn to the target's first instructions
	usage       syscall.Rusage // of the entrypoint, the target in its place, and children that they waited for
}

// A spawner starts one entrypoint at a time. The time ends with what the target reads off the clock, not with the
// parent's waking up, and the parent sleeps meanwhile: on two CPUs it must not take one from the entrypoint's threads.
type spawner struct {
	null   *os.File
	stderr *os.File // in memory and read only after a failure: a pipe would wake this process in the timed part
}

func newSpawner() (*spawner, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("stderr", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a file for stderr: %w", err)
	}
	return &spawner{null: null, stderr: os.NewFile(uintptr(fd), "stderr")}, nil
}

func (s *spawner) Close() {
	s.null.Close()
	s.stderr.Close()
}

// spawn runs argv until the target has ended, and fails unless the target ran as the last of it, with nothing but its
// stamp on stdout. What argv wrote to stderr is in s.said then.
func (s *spawner) spawn(argv, env []string) (start, error) {
	if err := s.rewind(); err != nil {
		return start{}, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return start{}, err
	}
	defer r.Close()
	attr := syscall.ProcAttr{Env: env, Files: []uintptr{s.null.Fd(), w.Fd(), s.stderr.Fd()}}

	var before unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &before); err != nil {
		w.Close()
		return start{}, err
	}
	pid, err := syscall.ForkExec(argv[0], argv, &attr)
	w.Close()
	if err != nil {
		return start{}, fmt.Errorf("executing %q: %w", argv[0], err)
	}
	var result start
	var status syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &status, 0, &result.usage)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return start{}, fmt.Errorf("waiting for %q: %w", argv[0], err)
	}
	written, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return start{}, err
	}
	if status != 0 {
		return start{}, fmt.Errorf("%s ended with %s: %s", strings.Join(argv, " "), describe(status), s.said())
	}
	at, err := stamp(written)
	if err != nil {
		return start{}, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	result.nanoseconds = at - before.Nano()
	return result, nil
}

func (s *spawner) rewind() error {
	if err := s.stderr.Truncate(0); err != nil {
		return err
	}
	_, err := s.stderr.Seek(0, io.SeekStart)
	return err
}

// said is what the last start wrote to stderr.
func (s *spawner) said() string {
	text, _ := io.ReadAll(io.NewSectionReader(s.stderr, 0, 1<<16))
	return strings.TrimSpace(string(text))
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
