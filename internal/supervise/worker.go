package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// grace is how long a worker may take to end by itself once the original has ended.
const grace = 300 * time.Millisecond

// A Worker is this process's place under a supervisor. Its methods may be called from any goroutine.
type Worker struct {
	// State is what the last worker saved; nil for the first worker. Socket is the listening socket, Also the other one, or nil,
	// and Kept the file that an earlier worker gave to Keep, or nil. The files are the caller's to close: the supervisor has its own.
	State              []byte
	Socket, Also, Kept *os.File

	original original
	talk     int
	ended    chan struct{}
	orphaned chan struct{}

	mu     sync.Mutex // held while packets are sent
	newest chan []byte
}

// newWorker says that this process is closed to others, and takes what it is then handed.
func newWorker(o original, talk int) (*Worker, error) {
	w := &Worker{original: o, talk: talk, ended: make(chan struct{}), orphaned: make(chan struct{}), newest: make(chan []byte, 1)}
	err := send(talk, kindClosed, nil)
	if err == nil {
		var state []byte
		var fds []int
		if _, state, fds, err = receive(talk, make([]byte, 1+MaxState)); err == nil {
			w.State = append(w.State, state...)
			for i, fd := range fds {
				f := os.NewFile(uintptr(fd), "handed over")
				listens, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN) // fails for what is no socket
				switch {
				case i == 0:
					w.Socket = f
				case listens != 0:
					w.Also = f
				default:
					w.Kept = f
				}
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("what the supervisor has to hand over: %w", err)
	}
	go w.watch()
	go w.sendSaved()
	return w, nil
}

// Job returns the process id of the original, as /proc numbers it.
func (w *Worker) Job() string { return w.original.pid }

// Ended is closed when the original has ended. The worker has 300 ms to end: then the process exits by itself, with deferred
// calls left undone.
func (w *Worker) Ended() <-chan struct{} { return w.ended }

// Orphaned is closed when the supervisor has died. The worker goes on; nobody starts another one when it dies.
func (w *Worker) Orphaned() <-chan struct{} { return w.orphaned }

// Save gives the supervisor a state for the next worker, in the place of the last one, up to MaxState. It never waits.
func (w *Worker) Save(state []byte) error {
	if len(state) > MaxState {
		return fmt.Errorf("saving the state: %d bytes, more than %d", len(state), MaxState)
	}
	for {
		select {
		case w.newest <- state:
			return nil
		default:
		}
		select {
		case <-w.newest: // an older one that was not sent yet
		default:
		}
	}
}

// sendSaved sends what is saved. It may wait: a stopped supervisor reads nothing.
func (w *Worker) sendSaved() {
	for state := range w.newest {
		_ = w.say(kindState, state)
	}
}

// say sends a packet. A supervisor that has died, of which Orphaned tells, is no error: there is nobody to tell anything.
func (w *Worker) say(kind byte, data []byte, fds ...int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := send(w.talk, kind, data, fds...)
	if err != nil && err != unix.EPIPE && err != unix.ECONNRESET {
		return fmt.Errorf("talking to the supervisor: %w", err)
	}
	return nil
}

// Ready says that the worker serves. The first time this is what Spawn returns to its caller; payload is marshalled to at
// most 32 kB of JSON.
//
// The memory that starting took is given back to the system, and the heap is kept small from here on. A program that has
// more to do may set that anew.
func (w *Worker) Ready(payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encoding what Spawn is told: %w", err)
	}
	if err := w.line(message{Ready: raw}); err != nil {
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
func (w *Worker) Fail(err error) error { return w.line(failed(err)) }

func (w *Worker) line(m message) error {
	line, err := m.encode()
	if err != nil {
		return err
	}
	return w.say(kindLine, line)
}

// Keep gives the supervisor a copy of f's descriptor, which the next workers find in Kept, and which stays open for as long
// as one of the two processes lives.
func (w *Worker) Keep(f *os.File) error { return w.say(kindKeep, nil, int(f.Fd())) }

// Alive says that connections wait in the backlog because there are enough already, not because the worker hangs. It is to be
// said once a second while that is so.
func (w *Worker) Alive() { _ = w.say(kindAlive, nil) }

// watch closes the channels. It is one thread that sleeps in poll.
func (w *Worker) watch() {
	talk := w.talk
	for {
		ended, readable := w.original.wait(talk, -1)
		if ended {
			close(w.ended)
			// The backstop, also for a worker that hangs: nothing may outlive the original.
			time.Sleep(grace)
			os.Exit(0)
		}
		if readable { // the supervisor says nothing more, so it is its end
			talk = -1
			close(w.orphaned)
		}
	}
}
