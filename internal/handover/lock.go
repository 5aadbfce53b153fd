package handover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
)

// LockName is the file in the refresher's directory on which a refresher holds a lock of flock(2) for as long as one of its
// processes lives. The lock is the kernel's, so it is gone with them, however they end, and holds across containers that
// share a home but not a PID namespace, on NFS also across nodes.
const LockName = "lock"

// ErrNoLocks is the error of a file system that has no locks.
var ErrNoLocks = errors.New("its file system has no locks")

// ErrTaken is the error of a directory that another refresher holds.
var ErrTaken = errors.New("the refresher of another job is at work")

// Lock claims the directory run for a refresher, and makes it if need be. While another one holds it, Lock tries again until
// ctx ends: the error is then ErrTaken, or ctx's own when the file system has not answered. ErrNoLocks is one to go on with.
// The file is close-on-exec; whoever closes the last copy of its descriptor gives the directory up.
func Lock(ctx context.Context, run string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	for late := error(nil); ; late = ErrTaken {
		tried := make(chan result, 1)
		go func() { // a hung file system holds up nobody else
			f, err := TryLock(run)
			tried <- result{f, err}
		}()
		select {
		case r := <-tried:
			if !errors.Is(r.err, ErrTaken) {
				return r.f, r.err
			}
		case <-ctx.Done():
			return nil, cmp.Or(late, ctx.Err())
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ErrTaken
		}
	}
}

// TryLock is one try of Lock.
func TryLock(run string) (*os.File, error) {
	for {
		f, err := openLock(run)
		if err != nil {
			return nil, err
		}
		if err = flock(f, unix.LOCK_EX); err == nil && Holds(f, run) {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
		// Somebody removed it before it was locked.
	}
}

// openLock opens the lock file for writing, which NFS asks for. It is never replaced: a lock is the file's, not its name's.
func openLock(run string) (*os.File, error) {
	if err := durable.MakeDir(run); err != nil {
		return nil, err
	}
	path := filepath.Join(run, LockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	_ = f.Chmod(0o600) // a umask may have taken our own bits away
	return f, nil
}

// Holds reports whether the lock that f holds is that of run still: its file may have been removed, or another one put in its
// place.
func Holds(f *os.File, run string) bool {
	there, err := os.Lstat(filepath.Join(run, LockName))
	if err != nil {
		return false
	}
	own, err := f.Stat()
	return err == nil && os.SameFile(there, own)
}

// Dead reports whether no refresher holds the directory run. It asks the kernel, and nobody who may listen on the refresher's
// port by now. Where the kernel cannot tell, because the file system has no locks, it is false.
func Dead(run string) bool {
	f, err := os.OpenFile(filepath.Join(run, LockName), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	return flock(f, unix.LOCK_SH) == nil
}

// flock takes the lock or does not wait for it.
func flock(f *os.File, how int) error {
	for {
		switch err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrTaken
		case unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP, unix.EINVAL:
			return ErrNoLocks
		default:
			return fmt.Errorf("locking %q: %w", f.Name(), err)
		}
	}
}
