package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a probe may take for an answer. A connector's first one loads two SDKs and a driver, which takes minutes
// when many do so on few processors; it is told so, because a probe that has no answer by then has to say that itself.
func (c Cell) patience() time.Duration {
	if c.Connector {
		return 5 * time.Minute
	}
	return time.Minute
}

// slack is what a loaded machine adds.
const slack = 15 * time.Second

// A job is the probe behind its entrypoint.
type job struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan string // of its stdout; closed at its end
	stderr string      // path of the file
	limit  time.Duration
	dead   error // why it is not to be asked again
}

// An answer of a probe. Key "*" means: what the S3 of the pod has seen since the question.
type probeAnswer struct {
	Key   string `json:"key"`
	Token string `json:"token"` // of a connector: see presigned
	Error string `json:"error"`
}

// startJob starts a job whose clock runs factor times as fast as the machine's: what it is told of patience is by that.
func startJob(program string, args, env []string, dir string, patience time.Duration, factor int) (*job, error) {
	env = append(env, fmt.Sprintf("PROBE_PATIENCE=%d", int(patience.Seconds())*factor))
	j := &job{limit: patience + slack, cmd: exec.Command(program, args...), lines: make(chan string), stderr: filepath.Join(dir, "stderr")}
	j.cmd.Env, j.cmd.Dir = env, dir
	stderr, err := os.Create(j.stderr)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	j.cmd.Stderr = stderr
	if j.stdin, err = j.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := j.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := j.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	go func() {
		defer close(j.lines)
		scanner := bufio.NewScanner(stdout)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			j.lines <- scanner.Text()
		}
	}()
	return j, nil
}

// ask asks once. An answer that is none ends the job.
func (j *job) ask(ctx context.Context) (probeAnswer, error) {
	if j.dead != nil {
		return probeAnswer{}, j.dead
	}
	if _, err := io.WriteString(j.stdin, "ask\n"); err != nil {
		return probeAnswer{}, j.give(fmt.Errorf("asking the probe: %w", err))
	}
	timeout := time.NewTimer(j.limit)
	defer timeout.Stop()
	select {
	case <-ctx.Done():
		return probeAnswer{}, j.give(ctx.Err())
	case <-timeout.C:
		return probeAnswer{}, j.give(fmt.Errorf("no answer of the probe in %v", j.limit))
	case line, ok := <-j.lines:
		if !ok {
			return probeAnswer{}, j.give(errors.New("the probe ended"))
		}
		var a probeAnswer
		if err := json.Unmarshal([]byte(line), &a); err != nil || a == (probeAnswer{}) {
			return probeAnswer{}, j.give(fmt.Errorf("the probe answered %q, which is not of its protocol", line))
		}
		return a, nil
	}
}

// give ends a job that does not do its part, with what it said last.
func (j *job) give(err error) error {
	j.cmd.Process.Kill()
	said, _ := os.ReadFile(j.stderr)
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	j.dead = fmt.Errorf("%w; it said last: %s", err, strings.Join(lines[max(0, len(lines)-6):], " | "))
	return j.dead
}

// end closes the probe's stdin and wants its exit code to be 0, as the protocol says and the entrypoint must hand on.
func (j *job) end() error {
	if j.dead != nil {
		return nil
	}
	j.stdin.Close()
	done := make(chan error, 1)
	go func() {
		for range j.lines {
		}
		done <- j.cmd.Wait()
	}()
	select {
	case err := <-done:
		if err != nil {
			return j.give(fmt.Errorf("the job's exit code: %w", err))
		}
		return nil
	case <-time.After(j.limit):
		return j.give(fmt.Errorf("the probe did not end in %v after its stdin had ended", j.limit))
	}
}
