package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

// A pod is a container whose original entrypoint is the program in job/.
type pod struct {
	env    map[string]string // the job's
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// startPod starts a container with a HOME of its own and the job's arguments, and returns when the job runs.
func (c *cluster) startPod(delivery string, place rig.Place, args ...string) (*pod, error) {
	home, err := place.Home()
	if err != nil {
		return nil, err
	}
	p := &pod{env: map[string]string{}, cmd: exec.Command(c.file("entrypoint"), args...)}
	p.cmd.Env, p.cmd.Stderr = c.env(delivery, home, c.file("job")), &p.stderr
	if p.stdin, p.stdout, err = startPiped(p.cmd); err != nil {
		return nil, err
	}
	env, err := p.answer()
	if err != nil {
		return nil, fmt.Errorf("starting a pod with %s delivery: %w", delivery, err)
	}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		p.env[name] = value
	}
	return p, nil
}

// startPiped starts cmd with pipes to it and from it.
func startPiped(cmd *exec.Cmd) (io.WriteCloser, *bufio.Reader, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return stdin, bufio.NewReader(stdout), cmd.Start()
}

// answer reads a line of the job's. A pod without one has ended, and what it logged says why.
func (p *pod) answer() (list []string, err error) {
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		p.end()
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(p.stderr.String()))
	}
	return list, json.Unmarshal(line, &list)
}

// refresher returns the processes of the pod's refresher.
func (p *pod) refresher() (supervisor, worker int, err error) {
	if supervisor, err = onlyChild(p.cmd.Process.Pid); err == nil {
		worker, err = onlyChild(supervisor)
	}
	return supervisor, worker, err
}

// end ends the job, and returns when its refresher has ended too. A second call does nothing.
func (p *pod) end() error {
	if p.stdin == nil {
		return nil
	}
	supervisor, _, err := p.refresher()
	p.stdin.Close()
	p.stdin = nil
	_ = p.cmd.Wait() // until everybody has closed stderr
	if err != nil {
		return nil // there was none, as in profile delivery
	}
	return reap(supervisor)
}

// lingering is how long a refresher may outlive its job here. It promises a second, on a machine that has time for it.
const lingering = 20 * time.Second

// reap waits for a child, or with -1 for all of them. Package os does not know it: it was adopted.
func reap(pid int) error {
	for late := time.Now().Add(lingering); time.Now().Before(late); {
		switch ended, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); {
		case err == unix.ECHILD, ended == pid:
			return nil
		case err == nil && ended == 0:
			time.Sleep(time.Millisecond)
		}
	}
	return fmt.Errorf("a refresher goes on %s after the end of its job", lingering)
}
