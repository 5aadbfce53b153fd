// Package spawn measures the time from the spawn of an entrypoint to the first instructions of the original, for which
// it has a program of its own.
package spawn

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Start is what one spawned entrypoint took.
type Start struct {
	Nanoseconds int64          // from before the spawn to the target's first instructions
	Usage       syscall.Rusage // of the entrypoint, the target in its place, and children that they waited for
}

// A Spawner starts one entrypoint at a time. The time ends with what the target reads off the clock, not with the
// parent's waking up, and the parent sleeps meanwhile: on two CPUs it must not take one from the entrypoint's threads.
type Spawner struct {
	null   *os.File
	stderr *os.File // in memory and read only after a failure: a pipe would wake this process in the timed part
}

// New returns a spawner that is closed when all is measured.
func New() (*Spawner, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("stderr", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a file for stderr: %w", err)
	}
	return &Spawner{null: null, stderr: os.NewFile(uintptr(fd), "stderr")}, nil
}

// Close ends it.
func (s *Spawner) Close() {
	s.null.Close()
	s.stderr.Close()
}

// Spawn runs argv until the target has ended, and fails unless the target ran as the last of it, with nothing but its
// stamp on stdout. What argv wrote to stderr is in s.Said() then.
func (s *Spawner) Spawn(argv, env []string) (Start, error) {
	if err := s.rewind(); err != nil {
		return Start{}, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return Start{}, err
	}
	defer r.Close()
	attr := syscall.ProcAttr{Env: env, Files: []uintptr{s.null.Fd(), w.Fd(), s.stderr.Fd()}}

	var before unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &before); err != nil {
		w.Close()
		return Start{}, err
	}
	pid, err := syscall.ForkExec(argv[0], argv, &attr)
	w.Close()
	if err != nil {
		return Start{}, fmt.Errorf("executing %q: %w", argv[0], err)
	}
	var result Start
	var status syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &status, 0, &result.Usage)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return Start{}, fmt.Errorf("waiting for %q: %w", argv[0], err)
	}
	written, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return Start{}, err
	}
	if status != 0 {
		return Start{}, fmt.Errorf("%s ended with %s: %s", strings.Join(argv, " "), describe(status), s.Said())
	}
	at, err := stamp(written)
	if err != nil {
		return Start{}, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	result.Nanoseconds = at - before.Nano()
	return result, nil
}

func (s *Spawner) rewind() error {
	if err := s.stderr.Truncate(0); err != nil {
		return err
	}
	_, err := s.stderr.Seek(0, io.SeekStart)
	return err
}

// Said is what the last start wrote to stderr.
func (s *Spawner) Said() string {
	text, _ := io.ReadAll(io.NewSectionReader(s.stderr, 0, 1<<16))
	return strings.TrimSpace(string(text))
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
