package start

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rolechain/internal/exit"
)

var errTerminated = errors.New("SIGTERM")

// Waiting returns a context for a start that waits: it ends after timeout, or with SIGTERM, which a process 1 without a
// handler of its own would not end by.
//
// release must be called before the exec. After it SIGTERM ends the process by itself (a Go process 1 with exit code 2), so
// none is lost up to the execve; its error says that one came before. What comes later is the original's: as with every
// process 1, the kernel drops a SIGTERM that comes before the original has set a handler.
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
