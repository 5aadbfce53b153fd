package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// grace is how long a worker may take to end by itself, once it is told to.
const grace = 300 * time.Millisecond

// A Worker is this process's place under a supervisor. Its methods may be called from any goroutine.
type Worker struct {
	// State is what outlives this worker.
	State *State

	original original
	socket   int
	talk     int
	ended    chan struct{}
	orphaned chan struct{}
}

// Ended is closed when the worker must end. It has 300 ms to do so: then the supervisor kills it, and if that is not there
// the process exits by itself, with deferred calls left undone.
func (w *Worker) Ended() <-chan struct{} { return w.ended }

// Orphaned is closed when the supervisor has died. The worker finishes the answers that it is giving, without accepting
// more connections, and calls TakeOver; until then nobody would start it again.
func (w *Worker) Orphaned() <-chan struct{} { return w.orphaned }

// Socket returns the listening socket, for net.FileListener; nil if there is none. It is a duplicate and the caller's to
// close: the socket listens on without it.
func (w *Worker) Socket() (*os.File, error) {
	if w.socket < 0 {
		return nil, nil
	}
	fd, err := unix.FcntlInt(uintptr(w.socket), unix.F_DUPFD_CLOEXEC, fdAfter)
	if err != nil {
		return nil, fmt.Errorf("duplicating the listening socket: %w", err)
	}
	return os.NewFile(uintptr(fd), "listening socket"), nil
}

// Ready says that the worker serves. The first time this is what Spawn returns to its caller; payload is marshalled to at
// most 32 kB of JSON. A worker that was started again says the same, and a supervisor that has just died, of which Orphaned
// tells, is no error: there is nothing more to be told.
//
// The memory that starting took is given back to the system, and the heap is kept small from here on. A program that has
// more to do may set that anew.
func (w *Worker) Ready(payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encoding the handshake: %w", err)
	}
	if err := w.say(message{Ready: raw}); err != nil {
		return err
	}
	// At 100 the heap of a process that does next to nothing grows to 4 MiB before it is collected. Not before the start is
	// over: a collection in the middle of it takes time from the first session, and there is one to come now anyway.
	debug.SetGCPercent(20)
	debug.FreeOSMemory()
	return nil
}

// Fail says why there is no service: Spawn's caller gets err with its code and hint. The worker ends after it. Once a
// worker was ready nobody hears it, and the worker is started again.
func (w *Worker) Fail(err error) error { return w.say(failed(err)) }

func (w *Worker) say(m message) error {
	line, err := m.encode()
	if err != nil {
		return err
	}
	err = eintr.Retry(func() error { return unix.Sendto(w.talk, line, unix.MSG_NOSIGNAL, nil) })
	if err != nil && err != unix.EPIPE && err != unix.ECONNRESET {
		return fmt.Errorf("talking to the supervisor: %w", err)
	}
	return nil
}

// TakeOver makes this process the supervisor, after the last one has died: it executes the program anew with the socket,
// the state and the watch on the original. Connections wait in the backlog meanwhile. It returns only if execve fails,
// and then the process is what it was and may try again.
func (w *Worker) TakeOver() error {
	keep := []int{w.original.pidfd, w.State.fd, w.socket}
	// Whoever forks meanwhile must not get these.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	for _, fd := range keep {
		if fd >= 0 {
			unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
			defer unix.CloseOnExec(fd)
		}
	}
	err := syscall.Exec(self, os.Args, environ("supervisor", w.original, os.Environ()))
	return fmt.Errorf("becoming the supervisor: %w", err)
}

// watch closes the channels. It is one thread that sleeps in poll.
func (w *Worker) watch() {
	talk := w.talk
	for {
		ended, readable := w.original.wait(talk, -1)
		if !ended && readable {
			// A word from the supervisor means the end; nothing, or an error, that it is not there any more.
			var word [8]byte
			n, err := unix.Read(talk, word[:])
			switch {
			case err == unix.EINTR:
				continue
			case n > 0:
				ended = true
			default:
				close(w.orphaned)
				talk = -1
			}
		}
		if ended {
			close(w.ended)
			// The backstop, also for a worker that hangs: nothing may outlive the original.
			time.Sleep(grace)
			os.Exit(0)
		}
	}
}
