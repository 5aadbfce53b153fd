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
	"rolechain/internal/handover"
	"rolechain/internal/report"
)

// Verify lets rolechain, the program at path, try the chain of env, and returns when it works, or cannot be made to work
// before ctx ends. It is a process of its own because the AWS SDK would make every start slower, verified or not.
// rolechain tells the reason of a failure itself.
func Verify(ctx context.Context, path string, env []string, stderr io.Writer) error {
	return ask(ctx, "ROLE_CHAIN_VERIFY: `rolechain check`", path, env, nil, stderr,
		"check", "-quiet", "-"+handover.UntilFlag, handover.Until(giveUp(ctx)), "-termination-log", report.TerminationLog)
}

// ask runs rolechain, the program at path, to its end. When it fails it tells the reason itself, on stderr and in the
// termination message: the error is then exit.ErrTold with rolechain's exit code. what names the call in other errors.
func ask(ctx context.Context, what, path string, env []string, stdout, stderr io.Writer, args ...string) error {
	// The signal below comes when the thread ends that made the process, not the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = env
	cmd.Stdout = stdout
	cmd.Stderr = stderr // so that its lines are shipped with those of the start
	cmd.WaitDelay = patience
	// It must not outlive a start that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case stopped(ctx) != nil:
		return stopped(ctx)
	case ctx.Err() != nil:
		return tooLate(what)
	case errors.As(err, &ended) && ended.Exited():
		return exit.Because(exit.Code(ended.ExitCode()), exit.ErrTold, "")
	}
	return exit.Because(exit.Internal, fmt.Errorf("%s: %q: %w", what, path, err), "")
}

// patience is how long a killed program's stderr is read on.
const patience = 100 * time.Millisecond

// tooLate is the error of a program that is still at work, or hangs, when the time of the start is over.
func tooLate(who string) error {
	return exit.Because(exit.Unreached, errors.New(who+" did not end within ROLE_CHAIN_START_TIMEOUT"),
		"it says by itself what STS does not answer; one that does not get to it waits for a file system or for the processor: look at the volumes of the home directory and at the pod's CPU limit")
}
