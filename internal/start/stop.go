package start

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

var errTerminated = errors.New("SIGTERM")

// Waiting returns a context for a start that waits: it ends after timeout, or with SIGTERM, which a process 1 without a
// handler of its own would not end by.
//
// release must be called before the exec. After it SIGTERM ends the process by itself (a Go process 1 with exit code 2); its
// error says that one came before.
func Waiting(timeout time.Duration) (ctx context.Context, release func() error) {
	told, tell := context.WithCancelCause(context.Background())
	ctx, cancel := context.WithTimeout(told, timeout)
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		defer close(done)
		for range signals {
			tell(errTerminated)
		}
	}()
	return ctx, func() error {
		signal.Stop(signals) // returns when what came before is in the channel
		close(signals)
		<-done
		err := stopped(told)
		cancel()
		tell(nil)
		return err
	}
}

// stopped returns the error of a start that was told to stop; nil when it goes on, or its time is over.
func stopped(ctx context.Context) error {
	if !errors.Is(context.Cause(ctx), errTerminated) {
		return nil
	}
	return exit.Because(exit.Stopped, errors.New("stopped by SIGTERM before there was a session for the job"), "")
}

// giveUp returns until when a program may try that is killed at ctx's deadline: a little before that, so that it can report
// why it failed.
func giveUp(ctx context.Context) time.Time {
	until, _ := ctx.Deadline()
	return until.Add(-min(time.Until(until)/5, time.Second))
}

// AfterSignals returns execve for a start that waited: no SIGTERM is lost that comes before it. What comes later is the
// original's: as with every process 1, the kernel drops a SIGTERM that comes before the original has set a handler.
//
// A thread that has taken the signal from the kernel, and not come to its handler, would take it along when execve ends all
// other threads. So every thread makes a system call first, which is after its handler, and the signal stays pending from
// there on until this thread, which takes nothing along, asks for it. A program with cgo cannot do that, and goes without.
// It takes some 0.3 ms, of which a start that does not wait has no more than a few.
func AfterSignals(execve Execve) Execve {
	return func(path string, argv, env []string) error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var before unix.Sigset_t
		term := unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGTERM - 1)}}
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &term, &before); err == nil {
			_, _, _ = syscall.AllThreadsSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&term)), 0, unsafe.Sizeof(term.Val[0]), 0, 0)
			_ = unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
		}
		return execve(path, argv, env)
	}
}
