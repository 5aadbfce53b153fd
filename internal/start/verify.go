package start

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/report"
)

// grace is what rolechain gets beyond its own deadline before it counts as hanging.
const grace = 10 * time.Second

// Verify lets rolechain, the program at path, try the chain of env, and returns when it works, or cannot be made to work
// before ctx ends. It is a process of its own because the AWS SDK would make every start slower, verified or not.
// rolechain tells the reason of a failure itself, on stderr and in the termination message: the error is then
// exit.ErrTold with rolechain's exit code.
func Verify(ctx context.Context, path string, env []string, stderr io.Writer) error {
	timeout := left(ctx)
	// The signal below comes when the thread ends that made the process, not the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, "check", "-quiet", "-timeout", timeout.String(), "-termination-log", report.TerminationLog)
	cmd.Env = env
	cmd.Stderr = stderr // so that its lines are shipped with those of the start
	// It must not outlive a start that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return exit.Because(exit.Internal, fmt.Errorf("ROLE_CHAIN_VERIFY: starting %q: %w", path, err), "")
	}
	late := time.AfterFunc(timeout+grace, func() { cmd.Process.Kill() })
	stopped := context.AfterFunc(ctx, func() {
		if stop(ctx) != nil {
			cmd.Process.Kill()
		}
	})
	err := cmd.Wait()
	stopped()
	hung := !late.Stop()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case stop(ctx) != nil:
		return stop(ctx)
	case hung:
		return exit.Because(exit.Unreached, fmt.Errorf("ROLE_CHAIN_VERIFY: %q did not end within %s", path, timeout+grace), "")
	case errors.As(err, &ended) && ended.Exited():
		return exit.Because(exit.Code(ended.ExitCode()), exit.ErrTold, "")
	}
	return exit.Because(exit.Internal, fmt.Errorf("ROLE_CHAIN_VERIFY: %q: %w", path, err), "")
}

// left is the time until ctx's deadline, or a little when that is over: whoever gets it says why there was no session.
func left(ctx context.Context) time.Duration {
	until, _ := ctx.Deadline()
	return max(time.Second, time.Until(until))
}

// stop is the error of a start that was told to stop; nil when it goes on, or its time is over.
func stop(ctx context.Context) error {
	if !errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return exit.Because(exit.Stopped, errors.New("stopped by SIGTERM before there was a session for the job"), "")
}
