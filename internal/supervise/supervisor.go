package supervise

import (
	"errors"
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
	// Listen makes the listening socket, once: Loopback, as a rule.
	Listen func() (*os.File, error)
	// Also makes another one, which the service does not depend on: an error is a warning. nil: there is none.
	Also func() (*os.File, error)
	// Log is told of what goes wrong. It must neither wait for a reader nor need a thread of its own: report.Now does not.
	Log *slog.Logger
}

// A Supervisor is this process's place over a worker. It is one goroutine, and once it runs it needs no new thread: at the
// pod's limit on processes the Go runtime would end it for the lack of one.
type Supervisor struct {
	original original
	spawn    int // pipe to Spawn; -1: Spawn was told
	log      *slog.Logger

	// What is handed over to each worker.
	socket, also, kept int // the last two are -1 when there is none
	state              []byte

	buf     []byte // for a packet
	deaths  int    // since a worker was ready
	backoff backoff
	remarks remarks
}

// Job returns the process id of the original, as /proc numbers it.
func (s *Supervisor) Job() string { return s.original.pid }

// Run starts the worker, starts it again whenever it dies or hangs, and returns nil when the original has ended and the
// worker with it.
//
// Until the worker is ready any death of it is an error, because a start that fails is better told than tried again:
// Spawn's caller is told, and Run returns it for the exit code; it need not be logged. After that no error ends Run.
//
// System calls, for each worker: socketpair, clone and execve, sendmsg and recvmsg, poll, and wait4; each second one
// getsockopt and one waitid.
func (s *Supervisor) Run(c Config) error {
	// A collection of so small a heap takes more memory for its own records than it frees, 0.3 MB, so none is asked for.
	// When workers die again and again there is one before the heap has 2 MiB, half of what the runtime would wait for.
	debug.SetGCPercent(50)
	s.log = c.Log
	socket, err := c.Listen()
	if err != nil {
		return s.fail(refused("the refresher", err))
	}
	defer socket.Close()
	s.also = -1
	if c.Also != nil {
		if also, err := c.Also(); err != nil {
			s.log.Warn(err.Error())
		} else {
			defer also.Close()
			s.also = int(also.Fd())
		}
	}
	s.socket, s.buf = int(socket.Fd()), make([]byte, 1+MaxState)
	for {
		started := time.Now()
		cause, ended := s.attend()
		switch {
		case ended:
			return nil
		case s.spawn >= 0:
			return s.fail(cause)
		}
		s.deaths++
		lived := time.Since(started)
		if unsaid, speak := s.remarks.next(cause.Error(), time.Now(), lived); speak {
			s.log.Warn("the refresher is started again", "cause", cause, "after", lived.Round(time.Millisecond), "unsaid", unsaid)
		}
		if ended, _ := s.original.wait(-1, s.backoff.next(lived)); ended {
			return nil
		}
	}
}

// attend runs one worker to its end. It returns why that died, or that the original has ended, with no worker left.
func (s *Supervisor) attend() (cause error, ended bool) {
	w, err := s.start()
	if err != nil {
		return refused("starting the refresher's worker", err), false
	}
	defer unix.Close(w.talk)
	for {
		ended, readable := s.original.wait(w.talk, w.interval())
		switch {
		case ended:
			hangUp(w.talk, grace) // it has noticed by itself, most likely
			s.reap(w.pid)
			return nil, true
		case readable:
			kind, data, fds, err := receive(w.talk, s.buf)
			if err == nil {
				if err = s.heard(w, kind, data, fds); err == nil {
					continue
				}
				hangUp(w.talk, grace) // so that it may end in order
			}
			status, ended := s.reap(w.pid)
			if err == io.EOF || err == unix.ECONNRESET {
				err = early("the refresher's worker died", status)
			}
			return err, ended
		case s.spawn < 0 && w.hangs(s.socket):
			_, ended := s.reap(w.pid)
			return errors.New("the refresher's worker was stopped, or hung while connections waited"), ended
		}
	}
}

// heard does what the worker says. The error is the worker's, of one that has failed.
func (s *Supervisor) heard(w *worker, kind byte, data []byte, fds []int) error {
	switch kind {
	case kindClosed:
		// Not before: what is sent now is for no other process of the same user. The socket is new and takes all of it.
		return send(w.talk, kindState, s.state, s.held()...)
	case kindState:
		s.state = append(s.state[:0], data...)
	case kindKeep:
		if s.kept >= 0 {
			unix.Close(s.kept)
		}
		s.kept = fds[0]
	case kindAlive:
		w.waited = 0
	case kindLine:
		if _, err := decode(data); err != nil {
			return err
		}
		if w.ready = true; s.deaths > 1 {
			s.log.Info("the refresher runs again", "deaths", s.deaths)
		}
		s.deaths = 0
		s.answer(data)
	}
	return nil
}

// held lists the descriptors to hand over: the socket, the other one, and what an earlier worker gave.
func (s *Supervisor) held() []int {
	list := []int{s.socket}
	for _, fd := range []int{s.also, s.kept} {
		if fd >= 0 {
			list = append(list, fd)
		}
	}
	return list
}

// start starts a worker.
func (s *Supervisor) start() (*worker, error) {
	pair, err := newTalk()
	if err != nil {
		return nil, err
	}
	defer unix.Close(pair[1])
	pid, err := syscall.ForkExec(self, os.Args, &syscall.ProcAttr{
		Env:   environ("worker", s.original, os.Environ()),
		Files: files(0, 1, 2, s.original.pidfd, pair[1], -1),
	})
	if err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	return &worker{pid: pid, talk: pair[0]}, nil
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

// reap kills the worker if need be, and returns how it ended. One that is on its way out keeps its own exit status. A process
// that waits for a disk cannot be killed until the disk answers: then ended says that the original has not waited for it.
func (s *Supervisor) reap(pid int) (status unix.WaitStatus, ended bool) {
	unix.Kill(pid, unix.SIGKILL)
	for step, late := time.Millisecond, time.Now().Add(grace); ; step = min(2*step, grace) {
		if n, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); n != 0 && err != unix.EINTR {
			return status, false
		}
		if ended, _ = s.original.wait(-1, step); !ended {
			late = time.Now().Add(grace)
		} else if time.Sleep(step); time.Now().After(late) {
			return status, true
		}
	}
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
	if s.spawn >= 0 {
		_ = eintr.Retry(func() error { _, err := unix.Write(s.spawn, line); return err })
		unix.Close(s.spawn)
		s.spawn = -1
	}
}
