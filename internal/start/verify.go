package start

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/report"
)

// grace is what rolechain gets beyond its own deadline before it counts as hanging.
const grace = 10 * time.Second

// Verify lets the rolechain beside this program try the chain of env, and returns when it works, or cannot be made to
// work within timeout. It is a process of its own because the AWS SDK would make every start slower, verified or not.
// rolechain tells the reason of a failure itself, on stderr and in the termination message: the error is then
// exit.ErrTold with rolechain's exit code.
func Verify(env []string, timeout time.Duration) error {
	path, err := companion()
	if err != nil {
		return err
	}
	// The signal below comes when the thread ends that made the process, not the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, "check", "-quiet", "-termination-log", report.TerminationLog)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	// It must not outlive a start that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return exit.Because(exit.Internal, fmt.Errorf("ROLE_CHAIN_VERIFY: starting %q: %w", path, err), "")
	}
	late := time.AfterFunc(timeout+grace, func() { cmd.Process.Kill() })
	err = cmd.Wait()
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

// companion is the program rolechain: beside the entrypoint's own file, else on PATH.
func companion() (string, error) {
	if own, err := os.Readlink(Self); err == nil {
		path := filepath.Join(filepath.Dir(own), "rolechain")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("rolechain")
	if err != nil {
		return "", exit.Because(exit.BadSetting, errors.New("ROLE_CHAIN_VERIFY: there is no rolechain beside the entrypoint, nor on PATH"),
			"copy both programs into the image, to one directory")
	}
	return path, nil
}
