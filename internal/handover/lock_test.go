package handover

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLock(t *testing.T) {
	run := filepath.Join(t.TempDir(), "not", "there", "yet")
	if !Dead(run) {
		t.Error("a refresher lives in a directory that is not there")
	}
	first, err := Lock(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	if flags, err := unix.FcntlInt(first.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("a child would have the lock: %v", err)
	}
	if Dead(run) || !Holds(first, run) {
		t.Error("the lock is not held")
	}
	soon, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := Lock(soon, run); !errors.Is(err, ErrTaken) {
		t.Errorf("got %v", err)
	}
	// A copy holds it too, which is how two processes hold one.
	copied, err := unix.Dup(int(first.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if Dead(run) {
		t.Error("one of two copies was closed, and the lock is gone")
	}
	// Whoever waits gets it when it is free.
	go func() {
		time.Sleep(60 * time.Millisecond)
		unix.Close(copied)
	}()
	second, err := Lock(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	// A file that is removed takes its lock along.
	if err := os.RemoveAll(run); err != nil {
		t.Fatal(err)
	}
	if Holds(second, run) || !Dead(run) {
		t.Error("the lock of a removed file counts")
	}
	third, err := TryLock(run)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if Holds(second, run) || !Holds(third, run) {
		t.Error("the lock of another file counts")
	}
}

// What cannot be claimed is told as it is.
func TestLockRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(file); err == nil || errors.Is(err, ErrTaken) || errors.Is(err, ErrNoLocks) {
		t.Errorf("got %v", err)
	}
	// A link could lead anywhere.
	if err := os.Symlink(file, filepath.Join(dir, LockName)); err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(dir); !errors.Is(err, unix.ELOOP) {
		t.Errorf("got %v", err)
	}
}
