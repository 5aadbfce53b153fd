package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

// job plays the original entrypoint. It runs so many processes of a command at once, prints its environment and an empty
// line, and goes on until stdin ends. From the empty line on it has no child but the refresher.
const job = `n=$1; shift; for _ in $(seq "$n"); do "$@" & done; wait; env; echo; exec cat >/dev/null`

// A pod is a container in which the job runs.
type pod struct {
	env    map[string]string // the job's
	ids    []string          // what the processes of the command have printed, a line each
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr bytes.Buffer
}

// startPod starts a container with a HOME of its own, and returns when its job has run n processes of command.
func (c *cluster) startPod(delivery string, place rig.Place, n int, command ...string) (*pod, error) {
	home, err := os.MkdirTemp(place.Dir, "home-")
	if err != nil {
		return nil, err
	}
	p := &pod{env: map[string]string{}, cmd: exec.Command(c.file("entrypoint"), append([]string{"-c", job, "job", strconv.Itoa(n)}, command...)...)}
	p.cmd.Env, p.cmd.Stderr = c.env(delivery, home, "/bin/sh"), &p.stderr
	stdin, stdout, err := startPiped(p.cmd)
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	for {
		line, err := stdout.ReadString('\n')
		if line == "\n" && len(p.ids) == n {
			return p, nil
		}
		if err != nil || line == "\n" {
			p.end()
			return nil, fmt.Errorf("the job in %s delivery: %d of %d processes have printed, %v: %s", delivery, len(p.ids), n, err, &p.stderr)
		}
		name, value, assigned := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if assigned {
			p.env[name] = value
		} else {
			p.ids = append(p.ids, name)
		}
	}
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

// end ends the job, and returns when its refresher has ended too. A second call does nothing.
func (p *pod) end() error {
	if p.stdin == nil {
		return nil
	}
	p.stdin.Close()
	p.stdin = nil
	_ = p.cmd.Wait() // until everybody has closed stderr
	return reap()
}

// lingering is how long a refresher may outlive its job here. It promises a second, on a machine that has time for it.
const lingering = 20 * time.Second

// reap waits for all children. Package os does not know them: they were adopted.
func reap() error {
	for late := time.Now().Add(lingering); time.Now().Before(late); {
		switch ended, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); {
		case err == unix.ECHILD:
			return nil
		case err == nil && ended == 0:
			time.Sleep(time.Millisecond)
		}
	}
	return fmt.Errorf("a refresher goes on %s after the end of its job", lingering)
}
