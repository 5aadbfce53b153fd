package supervise

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// A Config says what a supervisor keeps and where it speaks.
type Config struct {
	// Listen makes the listening socket, once; Loopback is one. nil: there is no socket. The file is the package's own
	// afterwards.
	Listen func() (*os.File, error)
	// Log is told when a worker died. nil: nobody is. It must not wait for a reader: that would keep all from ending.
	Log *slog.Logger
}

// A Supervisor is this process's place over a worker.
type Supervisor struct {
	original original
	state    int // -1: not made yet
	socket   int // -1: not made yet, or none
	ready    int // pipe to Spawn; -1: Spawn was told, or a worker took over and there is no Spawn any more
	backoff  backoff
	served   bool // the worker of the moment was ready, or the last one
}

// Run starts the worker, starts it again whenever it dies, and returns nil when the original has ended and the worker
// with it.
//
// Until the worker is ready any death of it is an error, because a start that fails is better told than tried again:
// Spawn's caller is told, and Run returns it for the exit code; it need not be logged. After that no error ends Run.
//
// System calls, for each worker: socketpair, clone and execve, poll, and wait4.
func (s *Supervisor) Run(c Config) error {
	// A collection of so small a heap takes more memory for its own records than it frees, 0.3 MB, so none is asked for.
	// When workers die again and again there is one before the heap has 2 MiB, half of what the runtime would wait for.
	debug.SetGCPercent(50)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := s.provide(c.Listen); err != nil {
		return s.fail(err)
	}
	if s.ready < 0 {
		c.Log.Warn("the refresher's supervisor died, and its worker has taken over")
	}
	for delay := time.Duration(0); ; {
		if ended, _ := s.original.wait(-1, delay); ended {
			return nil
		}
		started := time.Now()
		cause, ended := s.attend()
		switch {
		case ended:
			return nil
		case s.ready >= 0:
			return s.fail(cause)
		}
		lived := time.Since(started)
		delay = s.backoff.next(lived, s.served)
		c.Log.Warn("the refresher is started again", "cause", cause, "after", lived.Round(time.Millisecond))
	}
}

// provide makes what has not been inherited.
func (s *Supervisor) provide(listen func() (*os.File, error)) (err error) {
	if s.state >= 0 {
		return nil // the socket too, if any, is the last supervisor's
	}
	if s.state, err = newState(); err != nil || listen == nil {
		return err
	}
	file, err := listen()
	if err != nil {
		return err
	}
	defer file.Close()
	if s.socket, err = unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, fdAfter); err != nil {
		return fmt.Errorf("keeping the listening socket: %w", err)
	}
	return nil
}

// attend runs one worker to its end. It returns why that died, or that the original has ended, with no worker left.
func (s *Supervisor) attend() (cause error, ended bool) {
	pid, talk, err := s.start()
	if err != nil {
		return fmt.Errorf("starting the refresher's worker: %w", err), false
	}
	defer unix.Close(talk)
	s.served = false
	for {
		ended, _ := s.original.wait(talk, -1)
		if ended {
			// It has noticed by itself, most likely.
			_ = eintr.Retry(func() error { return unix.Sendto(talk, []byte("end"), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, nil) })
			hangUp(talk, grace)
			reap(pid)
			return nil, true
		}
		line, err := receive(talk)
		if err != nil {
			return fmt.Errorf("the refresher's worker died: %s", describe(reap(pid))), false
		}
		_, err = decode(line)
		s.served = err == nil
		switch {
		case s.ready < 0: // a worker that was started again
		case err != nil:
			hangUp(talk, grace) // so that it may end in order
			reap(pid)
			return err, false
		default:
			s.answer(line)
		}
	}
}

func (s *Supervisor) start() (pid, talk int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, -1, err
	}
	defer unix.Close(pair[1])
	pid, err = syscall.ForkExec(self, os.Args, &syscall.ProcAttr{
		Env:   environ("worker", s.original, os.Environ()),
		Files: files(0, 1, 2, s.original.pidfd, s.state, s.socket, pair[1]),
	})
	if err != nil {
		unix.Close(pair[0])
		return 0, -1, err
	}
	return pid, pair[0], nil
}

// receive returns what the worker says, or an error when it has closed its end, which it does by dying only.
func receive(talk int) ([]byte, error) {
	buf := make([]byte, maxMessage)
	for {
		n, err := unix.Read(talk, buf)
		switch {
		case err == unix.EINTR:
		case err == nil && n > 0:
			return buf[:n], nil
		case err == nil:
			return nil, io.EOF
		default:
			return nil, err
		}
	}
}

// hangUp waits until the worker has closed its end.
func hangUp(talk int, timeout time.Duration) {
	for until := time.Now().Add(timeout); ; {
		left := time.Until(until)
		if left <= 0 {
			return
		}
		fds := []unix.PollFd{{Fd: int32(talk)}} // no events: POLLHUP is reported all the same
		if n, err := unix.Poll(fds, int(left/time.Millisecond)+1); err == nil && n > 0 {
			return
		}
	}
}

// reap kills the worker if need be, and returns how it ended. One that is on its way out keeps its own exit status.
func reap(pid int) (status unix.WaitStatus) {
	unix.Kill(pid, unix.SIGKILL)
	_ = eintr.Retry(func() error { _, err := unix.Wait4(pid, &status, 0, nil); return err })
	return status
}

// fail tells Spawn's caller, if it still listens, and returns err.
func (s *Supervisor) fail(err error) error {
	line, encodeErr := failed(err).encode()
	if encodeErr != nil {
		return errors.Join(err, encodeErr)
	}
	s.answer(line)
	return err
}

// answer writes to Spawn, which may have gone: the original has ended then, or ends us.
func (s *Supervisor) answer(line []byte) {
	if s.ready >= 0 {
		_ = eintr.Retry(func() error { _, err := unix.Write(s.ready, line); return err })
		unix.Close(s.ready)
		s.ready = -1
	}
}
