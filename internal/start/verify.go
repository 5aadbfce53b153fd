package start

import (
	"errors"
	"fmt"
	"os"
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
// until then. It is a process of its own because the AWS SDK would make every start slower, verified or not.
// rolechain tells the reason of a failure itself, on stderr and in the termination message: the error is then
// exit.ErrTold with rolechain's exit code.
func Verify(path string, env []string, until time.Time) error {
	timeout := max(time.Second, time.Until(until))
	// The signal below comes when the thread ends that made the process, not the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, "check", "-quiet", "-timeout", timeout.String(), "-termination-log", report.TerminationLog)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	// It must not outlive a start that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return exit.Because(exit.Internal, fmt.Errorf("ROLE_CHAIN_VERIFY: starting %q: %w", path, err), "")
	}
	late := time.AfterFunc(timeout+grace, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	hung := !late.Stop()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case hung:
		return exit.Because(exit.Unreached, fmt.Errorf("ROLE_CHAIN_VERIFY: %q did not end within %s", path, timeout+grace), "")
	case errors.As(err, &ended) && ended.Exited():
		return exit.Because(exit.Code(ended.ExitCode()), exit.ErrTold, "")
	}
	return exit.Because(exit.Internal, fmt.Errorf("ROLE_CHAIN_VERIFY: %q: %w", path, err), "")
}
