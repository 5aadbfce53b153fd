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
	if err != nil {
		return nil, err
	}
	if err := Install(s.Target, image); err != nil {
		return nil, err
	}
	if s.null, err = os.Open(os.DevNull); err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("stderr", unix.MFD_CLOEXEC)
	s.stderr = os.NewFile(uintptr(fd), "stderr")
	return s, err
}

// Spawn runs argv until the target has ended, and fails unless the target ran as the last of it, with nothing but its stamp
// on stdout.
func (s *Spawner) Spawn(argv, env []string) (Start, error) {
	_ = s.stderr.Truncate(0)
	_, _ = s.stderr.Seek(0, io.SeekStart)
	r, w, err := os.Pipe()
	if err != nil {
		return Start{}, err
	}
	defer r.Close()
	var before unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &before) // which every Linux has
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Env: env, Files: []*os.File{s.null, w, s.stderr}})
	w.Close()
	if err != nil {
		return Start{}, err
	}
	state, err := process.Wait()
	if err != nil {
		return Start{}, err
	}
	written, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return Start{}, err
	}
	if !state.Success() {
		return Start{}, fmt.Errorf("%s: %s: %s", strings.Join(argv, " "), state, s.Said())
	}
	at, err := stamp(written)
	if err != nil {
		return Start{}, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	return Start{at - before.Nano(), *state.SysUsage().(*syscall.Rusage)}, nil
}

// Said returns what the last start wrote to stderr.
func (s *Spawner) Said() string {
	text, _ := io.ReadAll(io.NewSectionReader(s.stderr, 0, 1<<16))
	return strings.TrimRight(string(text), "\n")
}
