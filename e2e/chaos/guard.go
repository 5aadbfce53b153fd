package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The suite is two processes. The inner one does all the work, as process 1 of a process and mount namespace, so that no
// process and no mount outlives it, however it ends. What does outlive a namespace is in the hands of the outer one, this:
// file systems that are frozen, whose writers no signal can end, and control groups.

// innerArgument is by what the inner process is known. fdGuard is its line to the outer one: 8 bytes name a file system;
// with a descriptor they mean that it is about to be frozen, without one that it is thawed.
const (
	innerArgument = "inner"
	fdGuard       = 3
)

const (
	fiFreeze = 0xC0045877 // FIFREEZE and FITHAW of linux/fs.h
	fiThaw   = 0xC0045878
)

// outer runs the suite in namespaces and returns its exit code.
func outer(args []string) (int, error) {
	if os.Geteuid() != 0 {
		return 2, errors.New("it takes root, for namespaces, file systems and control groups")
	}
	runtime.LockOSThread() // Pdeathsig is about the thread
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 2, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "guard")
	cmd := exec.Command("/proc/self/exe", append([]string{innerArgument, strconv.Itoa(os.Getpid())}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 2, fmt.Errorf("making namespaces: %w", err)
	}
	theirs.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-stop
		cmd.Process.Kill()
	}()
	guard(pair[0]) // until the inner process has closed its end, which it does before its namespace goes
	err = cmd.Wait()
	removeGroups(os.Getpid())
	var ended *exec.ExitError
	if err == nil || errors.As(err, &ended) && ended.ExitCode() > 0 {
		return cmd.ProcessState.ExitCode(), nil
	}
	return 2, fmt.Errorf("the suite: %w", err)
}

// guard thaws what is left frozen when the other end is closed.
func guard(line int) {
	frozen := map[uint64]int{}
	for {
		var name [8]byte
		oob := make([]byte, unix.CmsgSpace(4))
		n, oobn, _, _, err := unix.Recvmsg(line, name[:], oob, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != len(name) {
			break
		}
		id := binary.NativeEndian.Uint64(name[:])
		if fd, there := frozen[id]; there {
			unix.Close(fd)
			delete(frozen, id)
		}
		if messages, err := unix.ParseSocketControlMessage(oob[:oobn]); err == nil && len(messages) == 1 {
			if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
				frozen[id] = fds[0]
			}
		}
	}
	for _, fd := range frozen {
		unix.IoctlSetInt(fd, fiThaw, 0)
		unix.Close(fd)
	}
}

// freeze stops every writer on the file system at path until the returned function is called.
func freeze(id uint64, path string) (thaw func() error, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	name := binary.NativeEndian.AppendUint64(nil, id)
	err = unix.Sendmsg(fdGuard, name, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
	if err == nil {
		err = unix.IoctlSetInt(fd, fiFreeze, 0)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("freezing: %w", err)
	}
	return func() error {
		err := unix.IoctlSetInt(fd, fiThaw, 0)
		unix.Close(fd)
		unix.Sendmsg(fdGuard, name, nil, nil, unix.MSG_NOSIGNAL)
		return err
	}, nil
}

// private keeps mounts in this namespace, and shows its processes.
func private() error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	unix.CloseOnExec(fdGuard)
	return nil
}

// removeGroups removes the control groups of a suite that has ended.
func removeGroups(suite int) {
	for _, h := range hierarchies() {
		left, _ := filepath.Glob(filepath.Join(h, fmt.Sprintf("%s%d-*", groupPrefix, suite)))
		for _, dir := range left {
			os.Remove(dir)
		}
	}
}
