package refresher

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"rolechain/internal/handover"
	"rolechain/internal/supervise"
)

// A claim is this refresher's hold on its directory. Each of two jobs that share one would find the other's session there.
type claim struct {
	run     string
	process *supervise.Worker
	log     *slog.Logger

	mu      sync.Mutex
	lock    *os.File // nil where the file system has none
	written bool     // the discovery file has been this refresher's
	foreign int      // looks in a row at which it was not
	lost    error    // at the last look
}

// newClaim goes on with what the start has claimed, or the last worker has.
func newClaim(run string, process *supervise.Worker, log *slog.Logger) *claim {
	return &claim{run: run, process: process, log: log, lock: process.Kept, written: process.State != nil}
}

// look looks whether the directory, and the discovery file in it, are this refresher's still, which has token. While the error
// says that they are another's, nothing is to be written: two that write in turn serve both jobs the wrong role.
func (c *claim) look(token string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = c.hold()
	if c.lost == nil {
		c.lost = c.read(token)
	}
	return c.lost
}

// hold takes the lock anew when its file is not there any more: a job may remove whatever is in its home.
func (c *claim) hold() error {
	if c.lock != nil && handover.Holds(c.lock, c.run) {
		return nil
	}
	lock, err := handover.TryLock(c.run)
	switch {
	case errors.Is(err, handover.ErrNoLocks):
		return nil
	case errors.Is(err, handover.ErrTaken):
		return fmt.Errorf("%q has been taken by the refresher of another job: each needs a home of its own", c.run)
	case err != nil:
		return err
	}
	if c.lock != nil {
		c.lock.Close()
	}
	c.lock = lock
	return c.process.Keep(lock)
}

// read looks for another refresher's discovery file. What is there at the start is left from one that has ended, and what is
// there once may have been put back by somebody. But what is there again is written by one that lives, where a lock tells
// nothing of it: on another node, say.
func (c *claim) read(token string) error {
	d, err := handover.ReadDiscovery(c.run)
	if err != nil || d.Token == token || !c.written {
		c.foreign, c.written = 0, true
		return nil
	}
	c.foreign++
	lost := fmt.Errorf("the files in %q were replaced by another pod's, %s: each needs a home of its own", c.run, d.Host)
	if c.foreign == 1 && c.lock != nil {
		c.log.Warn(lost.Error())
		return nil
	}
	return lost
}

// last is what the last look said.
func (c *claim) last() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}
