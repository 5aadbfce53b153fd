package durable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// underway is the path of the call that began last, and nil once that has returned.
var underway atomic.Pointer[string]

// begin notes that a call at path begins, until done is called.
func begin(path string) (done func()) {
	underway.Store(&path)
	return func() { underway.Store(nil) }
}

// Underway returns the path at which a call of this package waits for the file system; "" for none. It is for a program
// that makes one call at a time, and gives it up: NFS whose server is gone, or FUSE whose daemon hangs, never answers.
func Underway() string {
	if path := underway.Load(); path != nil {
		return *path
	}
	return ""
}

// ErrHung is in the chain of the error about a file system that does not answer.
var ErrHung = errors.New("its file system does not answer")

// A reading is a Read that may hang.
type reading struct {
	done chan struct{}
	data []byte
	ok   bool
	err  error
}

var (
	readingsLock sync.Mutex
	readings     = map[string]*reading{}
)

// short is what a read of a file system that answers gets even when ctx has ended just before it: then the time was up, and no
// file system is to blame.
const short = 100 * time.Millisecond

// ReadContext is Read, given up short after ctx has ended. One that was given up is waited for by the next call with that path, so that a
// file system that hangs gets no more than one thread.
func ReadContext(ctx context.Context, path string) (data []byte, ok bool, err error) {
	readingsLock.Lock()
	r := readings[path]
	if r == nil {
		r = &reading{done: make(chan struct{})}
		readings[path] = r
		go func() {
			r.data, r.ok, r.err = Read(path)
			readingsLock.Lock()
			delete(readings, path)
			readingsLock.Unlock()
			close(r.done)
		}()
	}
	readingsLock.Unlock()
	select {
	case <-r.done:
		return r.data, r.ok, r.err
	case <-ctx.Done():
	}
	select {
	case <-r.done:
		return r.data, r.ok, r.err
	case <-time.After(short):
		return nil, false, fmt.Errorf("reading %q: %w", path, ErrHung)
	}
}
