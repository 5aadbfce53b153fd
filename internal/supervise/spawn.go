package supervise

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Command is the program to spawn.
type Command struct {
	Path   string   // of the executable; not looked up
	Args   []string // argv, with the program's name
	Env    []string // all of its environment
	Stderr *os.File // nil: none
	Keep   *os.File // what the first worker finds in Kept, and the program keeps open; nil: none
}

// Spawn starts a program that calls Enter, in a session of its own, and returns what its worker says when it is ready. The
// calling process is the original: it goes on to execve, or ends and takes the program with it.
//
// The program's stdin and stdout are /dev/null; its working directory is the caller's, so that relative names mean the
// same to both. After a return the caller has no descriptor more than before, and no child but, after a success, the
// supervisor, which it need not reap.
//
// If the worker says that it failed, the error has the code and the hint that it had there (package exit). If ctx ends
// first the error wraps ctx.Err(). After every error the program and all of its process group are killed and reaped.
//
// System calls: openat and pidfd_open, pipe2, clone and execve, then one or two reads; after an error kill and wait4.
func Spawn(ctx context.Context, c Command) (json.RawMessage, error) {
	name := filepath.Base(c.Path)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	pid, talk, err := c.start()
	if err != nil {
		return nil, refused("starting "+name, err)
	}
	defer talk.Close()
	stop := context.AfterFunc(ctx, func() { talk.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := readLine(talk)
	var ready json.RawMessage
	if err == nil {
		if ready, err = decode(line); err == nil {
			return ready, nil
		}
	}
	status := killGroup(pid)
	switch {
	case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s was not ready in time: %w", name, ctx.Err())
	case errors.Is(err, io.EOF):
		return nil, early(name+" ended before it was ready", status)
	case errors.Is(err, errUnexpected):
		return nil, fmt.Errorf("%s is not ready: %w", name, err)
	}
	return nil, err
}

// start returns the program's process id and the end of the pipe on which it talks.
func (c Command) start() (pid int, talk *os.File, err error) {
	o, err := calling()
	if err != nil {
		return 0, nil, err
	}
	defer closeIf(o.pidfd)
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, nil, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	defer unix.Close(null)
	stderr := null
	if c.Stderr != nil {
		stderr = int(c.Stderr.Fd())
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer w.Close()
	keep := -1
	if c.Keep != nil {
		keep = int(c.Keep.Fd())
	}
	pid, err = syscall.ForkExec(c.Path, c.Args, &syscall.ProcAttr{
		Env:   environ("supervisor", o, c.Env),
		Files: files(null, null, stderr, o.pidfd, int(w.Fd()), keep),
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		r.Close()
		return 0, nil, err
	}
	return pid, r, nil
}

// readLine reads to a newline, and no more than a message has. io.EOF means that the other end was closed without a word;
// a line that is too long, or that breaks off, is errUnexpected.
func readLine(r io.Reader) ([]byte, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxLine)).ReadBytes('\n')
	if err == io.EOF && len(line) > 0 {
		return nil, errUnexpected
	}
	return bytes.TrimSpace(line), err
}

// killGroup kills the group that pid leads, reaps it, and returns how pid ended; a process that was about to end keeps
// its own exit status. In a PID 1 the killed worker is a child too, and is reaped with it.
//
// The group is killed before its leader is reaped, because until then no other can have its number.
func killGroup(pid int) (status unix.WaitStatus) {
	unix.Kill(-pid, unix.SIGKILL)
	for {
		var st unix.WaitStatus
		child, err := unix.Wait4(-pid, &st, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD
			return status
		case child == pid:
			status = st
		}
	}
}

func describe(st unix.WaitStatus) string {
	if st.Signaled() {
		return fmt.Sprintf("killed by signal %d (%v)", st.Signal(), st.Signal())
	}
	return fmt.Sprintf("exit status %d", st.ExitStatus())
}

// files is a list for syscall.ForkExec, to which an unsigned -1 is a descriptor to close.
func files(fds ...int) []uintptr {
	list := make([]uintptr, len(fds))
	for i, fd := range fds {
		list[i] = uintptr(fd)
	}
	return list
}

func closeIf(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}
