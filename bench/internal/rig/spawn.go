package rig

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

// A Spawner starts one entrypoint at a time. The time ends with what the target reads off the clock, not with the parent's
// waking up, and the parent sleeps meanwhile: on two CPUs it must not take one from the entrypoint's threads.
type Spawner struct {
	Target string // the program that stands for the original entrypoint

	null   *os.File
	stderr *os.File // in memory and read only after a failure: a pipe would wake this process in the timed part
}

// NewSpawner makes the target in dir.
func NewSpawner(dir string) (*Spawner, error) {
	s := &Spawner{Target: dir + "/target"}
	image, err := target()
	if err == nil {
		err = Install(s.Target, image)
	}
	if err != nil {
		return nil, err
	}
	if s.null, err = os.Open(os.DevNull); err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("stderr", unix.MFD_CLOEXEC)
	s.stderr = os.NewFile(uintptr(fd), "stderr")
	return s, err
}

// Close ends it.
func (s *Spawner) Close() {
	s.null.Close()
	s.stderr.Close()
}

// Spawn runs argv until the target has ended, and fails unless the target ran as the last of it, with nothing but its stamp
// on stdout.
func (s *Spawner) Spawn(argv, env []string) (Start, error) {
	var result Start
	if err := s.stderr.Truncate(0); err != nil {
		return result, err
	}
	if _, err := s.stderr.Seek(0, io.SeekStart); err != nil {
		return result, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return result, err
	}
	defer r.Close()
	attr := syscall.ProcAttr{Env: env, Files: []uintptr{s.null.Fd(), w.Fd(), s.stderr.Fd()}}
	var before unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &before) // which every Linux has
	pid, err := syscall.ForkExec(argv[0], argv, &attr)
	w.Close()
	if err != nil {
		return result, fmt.Errorf("executing %q: %w", argv[0], err)
	}
	var status syscall.WaitStatus
	for err = syscall.EINTR; err == syscall.EINTR; {
		_, err = syscall.Wait4(pid, &status, 0, &result.Usage)
	}
	if err != nil {
		return result, fmt.Errorf("waiting for %q: %w", argv[0], err)
	}
	written, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return result, err
	}
	if status != 0 {
		return result, fmt.Errorf("%s ended with exit code %d, signal %d: %s", strings.Join(argv, " "), status.ExitStatus(), status.Signal(), s.Said())
	}
	at, err := stamp(written)
	if err != nil {
		return result, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	result.Nanoseconds = at - before.Nano()
	return result, nil
}

// Said returns what the last start wrote to stderr.
func (s *Spawner) Said() string {
	text, _ := io.ReadAll(io.NewSectionReader(s.stderr, 0, 1<<16))
	return strings.TrimSpace(string(text))
}
