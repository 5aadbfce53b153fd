package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Pod is a container behind the real entrypoint, whose original is this program as the job.
type Pod struct {
	w        *World
	mark     string
	user     int
	env      []string // the container's
	job      []string // the job's; nil when it never ran
	log      *Log
	cmd      *exec.Cmd
	stdin    io.Closer
	ended    chan struct{}
	began    time.Time
	over     time.Time // when ended was closed
	original int
}

// enter starts a container. It does not wait for anything.
func (w *World) enter(l Launch, mark string, log *Log) (*Pod, error) {
	p := &Pod{w: w, mark: mark, user: l.User, env: l.Env, log: log, ended: make(chan struct{})}
	if len(l.Args) == 0 {
		l.Args = []string{w.entrypoint, jobArgument}
	}
	l.Env = append(l.Env, markEnv+"="+mark)
	spec, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(w.self, launchArgument)
	p.cmd.Env = []string{launchEnv + "=" + string(spec), markEnv + "=" + mark}
	p.cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	if l.NoProc || l.NoNull {
		p.cmd.SysProcAttr.Unshareflags = unix.CLONE_NEWNS
	}
	p.cmd.Stderr = log.w
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	r, stdout, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = stdout
	p.began = time.Now()
	err = w.procs.start(p.cmd)
	stdout.Close()
	log.w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	p.original = p.cmd.Process.Pid
	told := make(chan []byte, 1)
	go func() {
		defer r.Close()
		line, _ := bufio.NewReaderSize(r, 1<<20).ReadBytes('\n')
		told <- line
	}()
	go func() {
		_ = w.procs.wait(p.cmd)
		p.over = time.Now()
		close(p.ended)
	}()
	p.log.told = told
	return p, nil
}

// runs waits until the job runs, the container has ended, or time is up; it reports whether the job runs.
func (p *Pod) runs(timeout time.Duration) bool {
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case line := <-p.log.told:
		if json.Unmarshal(line, &p.job) == nil && len(p.job) > 0 {
			return true
		}
		select { // the pipe was closed: it has ended, or is about to
		case <-p.ended:
		case <-late.C:
		}
	case <-late.C:
	}
	return false
}

// hasEnded reports whether the container has ended.
func (p *Pod) hasEnded(within time.Duration) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.ended:
		return true
	case <-late.C:
	}
	select { // with both of them so, either may have been taken
	case <-p.ended:
		return true
	default:
		return false
	}
}

// code is the exit code, as a shell would say it; after the end.
func (p *Pod) code() int {
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// variable is one of the job's environment.
func (p *Pod) variable(name string) string {
	for _, v := range p.job {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// kill sends a signal to a process of the pod's; 0 is none.
func kill(pid int, signal unix.Signal) bool { return pid > 0 && unix.Kill(pid, signal) == nil }

// end ends the original and waits for everything else of the pod to end. It returns what is left, or "".
func (p *Pod) end(how string, within time.Duration) string {
	switch how {
	case "term":
		kill(p.original, unix.SIGTERM)
	case "kill":
		kill(p.original, unix.SIGKILL)
	default:
		p.stdin.Close()
	}
	deadline := time.Now().Add(within)
	if !p.hasEnded(within) {
		return "the original goes on"
	}
	return p.empty(deadline)
}

// empty waits until no process of the pod is left. It returns what is left at the deadline, or "".
func (p *Pod) empty(deadline time.Time) string {
	for {
		left := p.w.procs.of(p.mark)
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("%d processes go on: %s", len(left), describe(left))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func describe(list []Proc) string {
	var texts []string
	for _, proc := range list {
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", proc.Pid))
		texts = append(texts, fmt.Sprintf("%d (%c, %s)", proc.Pid, proc.State, strings.TrimSpace(strings.ReplaceAll(string(args), "\x00", " "))))
	}
	return strings.Join(texts, ", ")
}

// clean kills whatever is left of the pod.
func (p *Pod) clean() {
	for range 50 {
		left := p.w.procs.of(p.mark)
		if len(left) == 0 {
			break
		}
		for _, proc := range left {
			kill(proc.Pid, unix.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.stdin.Close()
}
