package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A process of the pod, as /proc has it.
type process struct {
	pid, parent int
	command     string // its arguments
}

func processes() ([]process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		stat, err1 := os.ReadFile(filepath.Join(dir, "stat"))
		command, err2 := os.ReadFile(filepath.Join(dir, "cmdline"))
		// After the name in parentheses come the state and the parent. Whoever is gone meanwhile, or a zombie, does not count.
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		if err1 != nil || err2 != nil || len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		all = append(all, process{pid, parent, strings.ReplaceAll(strings.TrimRight(string(command), "\x00"), "\x00", " ")})
	}
	return all, nil
}

// refresher finds the two processes of `rolechain refresh`: the worker is the supervisor's child. It waits for them: a
// worker that was killed is back within a second.
func refresher(ctx context.Context) (supervisorPID, workerPID int, err error) {
	for deadline := time.Now().Add(10 * time.Second); ; {
		all, err := processes()
		if err != nil {
			return 0, 0, err
		}
		ours := map[int]int{}
		for _, p := range all {
			// `rolechain credentials`, which SDKs call, is another.
			if strings.Contains(p.command, "rolechain refresh") {
				ours[p.pid] = p.parent
			}
		}
		for pid, parent := range ours {
			if _, ok := ours[parent]; ok && len(ours) == 2 {
				return parent, pid, nil
			}
		}
		if time.Now().After(deadline) {
			return 0, 0, fmt.Errorf("no refresher with its worker among the processes: %v", all)
		}
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// orphan finds the worker that goes on without its supervisor.
func orphan() (pid int, err error) {
	all, err := processes()
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if strings.Contains(p.command, "rolechain refresh") {
			return p.pid, nil
		}
	}
	return 0, fmt.Errorf("no worker among the processes: %v", all)
}

// issued is the end of the access key id of the client role's newest session.
func (p *pod) issued() (end string) {
	for _, e := range p.sts.Journal() {
		if e.Expires != nil && e.Role == clientARN && len(e.IssuedKeyID) > 4 {
			end = e.IssuedKeyID[len(e.IssuedKeyID)-4:]
		}
	}
	return end
}

// serving waits until the refresher says that it holds a session that has not ended, whose key ends in what key returns.
func (p *pod) serving(ctx context.Context, key func() string) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		status := exec.CommandContext(ctx, filepath.Join(p.Programs, "rolechain"), "status")
		status.Env = p.environment()
		said, err := status.CombinedOutput()
		if err == nil && strings.Contains(string(said), key()+", until") || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("rolechain status: %v, and not the newest session: %s", err, said)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends a process as the kernel does when memory runs out, and waits until it is gone, if only as a zombie.
func kill(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return fmt.Errorf("killing process %d: %w", pid, err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		return fmt.Errorf("killing process %d: %w", pid, err)
	}
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 10_000); n != 1 {
		return fmt.Errorf("process %d lives on after SIGKILL (%v)", pid, err)
	}
	return nil
}
