package start

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

// A SIGTERM that was delivered before release is never lost, however late it came.
func TestWaiting(t *testing.T) {
	runtime.LockOSThread() // to which the signal goes, so that it is delivered before the call returns
	defer runtime.UnlockOSThread()
	for range 1000 {
		ctx, release := Waiting(time.Hour)
		if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := release(); exit.CodeOf(err) != exit.Stopped {
			t.Fatalf("%v", err)
		}
		if stopped(ctx) == nil {
			t.Fatal("the context says nothing of it")
		}
	}
	ctx, release := Waiting(time.Nanosecond)
	<-ctx.Done()
	if err := stopped(ctx); err != nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("at the deadline: %v, %v", err, ctx.Err())
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
