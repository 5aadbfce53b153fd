package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// First arguments with which a program calls itself; see Reexec.
const (
	firstArgument = "first-process-of-the-cluster"
	afterArgument = "after-the-cluster"
)

const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC

// Enclose starts this program once more with args, in namespaces of its own, and with the cluster's control groups in its
// environment (see Enclosed). out gets its output. With bound it ends when the thread that started it does; otherwise it
// goes on by itself.
//
// However it ends, a process outside of the namespaces, which waits for that, then removes the control groups and remove.
func Enclose(bound bool, out *os.File, remove []string, args ...string) (*exec.Cmd, error) {
	cgroup := "rolechain-" + strings.ToLower(rand.Text()[:10])
	wait, alive, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer wait.Close()
	defer alive.Close()
	after := exec.Command("/proc/self/exe", append([]string{afterArgument, cgroup}, remove...)...)
	after.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	after.Stdin, after.Stderr = wait, out
	if err := after.Start(); err != nil {
		return nil, fmt.Errorf("starting who cleans up: %w", err)
	}
	go after.Wait()
	cmd := exec.Command("/proc/self/exe", append([]string{firstArgument}, args...)...)
	cmd.Env = append(os.Environ(), cgroupVariable+"="+cgroup)
	cmd.ExtraFiles = []*os.File{alive} // its end is the end of all
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Setsid: true}
	if bound {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("making namespaces, which takes root: %w", err)
	}
	return cmd, nil
}

const cgroupVariable = "CLUSTER_CGROUP"

// Enclosed is the control group that Enclose has chosen for this process's cluster.
func Enclosed() string { return os.Getenv(cgroupVariable) }

// Reexec is for the beginning of main: where Enclose has called this program for its own ends, it does not return.
func Reexec() {
	if len(os.Args) < 3 {
		return
	}
	var err error
	switch os.Args[1] {
	case firstArgument:
		err = first(os.Args[2:])
	case afterArgument:
		err = after(os.Args[2], os.Args[3:])
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// first is the first process of the namespaces. Orphans, such as containerd's shims, become its children.
func first(args []string) error {
	syscall.CloseOnExec(3) // the end of the pipe is for this process alone
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return err
		case pid == cmd.Process.Pid && status.Exited():
			os.Exit(status.ExitStatus())
		case pid == cmd.Process.Pid:
			return fmt.Errorf("the cluster's process: %v", status.Signal())
		}
	}
}

// after waits for the end of the namespaces and removes what would outlive them.
func after(cgroup string, remove []string) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	err := removeCgroup(cgroup)
	for _, path := range remove {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
