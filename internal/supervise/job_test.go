package supervise_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what takes a second at most on a machine with nothing else to do.
const patience = 15 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// needRoot skips, or fails where the tools are promised.
func needRoot(t *testing.T, what string) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("ROLECHAIN_REQUIRE_TOOLS") == "1" {
		t.Fatalf("SKIPPED: needs root, for %s; ROLECHAIN_REQUIRE_TOOLS=1 forbids skipping", what)
	}
	t.Skip("SKIPPED: needs root, for " + what)
}

// A job is an original with its refresher.
type job struct {
	t          *testing.T
	cmd        *exec.Cmd
	stdin      io.Closer
	output     *output // what it and the refresher wrote to stdout and stderr
	closed     chan time.Time
	address    string
	args       []string
	took       string // by Spawn
	group      int    // process group and session
	supervisor *process
	worker     *process
	worker0    int // the first worker's process id, as it sees it itself
}

// A process is watched through a pidfd, so that its number may be used again.
type process struct{ pid, pidfd int }

func watch(t *testing.T, pid int) *process {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return &process{pid, fd}
}

// ended waits for the end, if only as a zombie.
func (p *process) ended(timeout time.Duration) bool {
	for until := time.Now().Add(timeout); ; {
		fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, max(0, int(time.Until(until)/time.Millisecond)))
		if err == nil {
			return n > 0
		}
	}
}

func (p *process) signal(t *testing.T, sig unix.Signal) {
	t.Helper()
	must(t, unix.PidfdSendSignal(p.pidfd, sig, nil, 0))
}

// An output can be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// said waits until one of the processes has said something.
func (j *job) said(what string) {
	j.t.Helper()
	for until := time.Now().Add(patience); !strings.Contains(j.output.String(), what); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			j.t.Fatalf("nobody says %q:\n%s", what, j.output)
		}
	}
}

func startJob(t *testing.T, way string, attr *syscall.SysProcAttr, extra ...*os.File) *job {
	t.Helper()
	j := start(t, way, attr, extra...)
	j.worker0, _ = j.ask()
	return j
}

func start(t *testing.T, way string, attr *syscall.SysProcAttr, extra ...*os.File) *job {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = "entrypoint"
	cmd.Env = append(os.Environ(), programEnv+"=entrypoint", wayEnv+"="+way)
	cmd.SysProcAttr = attr
	cmd.ExtraFiles = extra
	stdin, err := cmd.StdinPipe()
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	cmd.Stdout, cmd.Stderr = w, w
	must(t, cmd.Start())
	w.Close()
	j := &job{t: t, cmd: cmd, stdin: stdin, output: new(output), closed: make(chan time.Time, 1)}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		j.nothingLeft()
		r.Close()
	})
	out := bufio.NewReader(io.TeeReader(r, j.output))
	line := func() string {
		text, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("%v; it said\n%s", err, j.output)
		}
		return strings.TrimSpace(text)
	}
	var ready struct {
		Address string
		Args    []string
	}
	must(t, json.Unmarshal([]byte(line()), &ready))
	j.address, j.args, j.took = ready.Address, ready.Args, line()
	if text := line(); text != "started" {
		t.Fatalf("the original said %q", text)
	}
	go func() {
		io.Copy(io.Discard, out)
		j.closed <- time.Now()
	}()
	j.supervisor = watch(t, j.onlyChild(cmd.Process.Pid))
	j.group = j.supervisor.pid
	j.worker = watch(t, j.onlyChild(j.supervisor.pid))
	return j
}

// children lists the children of a process that have not died.
func children(pid int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[0] != "Z" && fields[0] != "X" && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			list = append(list, child)
		}
	}
	return list
}

// stateOf is the letter of proc_pid_stat(5).
func stateOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// onlyChild waits until a process has exactly one child that is no zombie.
func (j *job) onlyChild(pid int) int {
	j.t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		list := children(pid)
		if len(list) == 1 {
			return list[0]
		}
		if time.Now().After(until) {
			j.t.Fatalf("process %d has the children %v", pid, list)
		}
	}
}

var errCut = errors.New("cut off")

// try connects once, and returns what the worker answers. A connection that the worker had accepted when it was killed is
// errCut; everything else is an answer.
func (j *job) try() (pid int, state string, err error) {
	c, err := net.DialTimeout("tcp", j.address, patience)
	if err != nil {
		return 0, "", err
	}
	defer c.Close()
	must(j.t, c.SetDeadline(time.Now().Add(patience)))
	answer, err := io.ReadAll(c)
	if errors.Is(err, unix.ECONNRESET) || err == nil && len(answer) == 0 {
		return 0, "", errCut
	}
	if err != nil {
		return 0, "", err
	}
	_, err = fmt.Sscan(string(answer), &pid, &state)
	return pid, state, err
}

// ask connects when nobody is being killed.
func (j *job) ask() (pid int, state string) {
	j.t.Helper()
	pid, state, err := j.try()
	must(j.t, err)
	return pid, state
}

// wantEnd wants supervisor and worker to end within a second of now, and the pipe with them.
func (j *job) wantEnd(since time.Time) {
	j.t.Helper()
	for _, p := range []*process{j.supervisor, j.worker} {
		if !p.ended(patience) {
			j.t.Fatalf("process %d is still there", p.pid)
		}
	}
	took := time.Since(since)
	j.t.Logf("they ended %v after the original", took.Round(time.Millisecond))
	if took > 5*time.Second { // it is one; the rest is for a busy machine
		j.t.Errorf("they ended %v after the original", took)
	}
}

// wantEOF wants the reader of stdout and stderr to have come to the end.
func (j *job) wantEOF(since time.Time) {
	j.t.Helper()
	select {
	case at := <-j.closed:
		j.t.Logf("EOF %v after the original", at.Sub(since).Round(time.Millisecond))
	case <-time.After(patience):
		j.t.Error("somebody still holds the job's stdout or stderr")
	}
}

// nothingLeft reaps what came to this process, as their init, and wants no process of the session to be there.
func (j *job) nothingLeft() {
	if j.group == 0 {
		return
	}
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		unix.Wait4(-j.group, nil, unix.WNOHANG, nil)
		if unix.Kill(-j.group, 0) == unix.ESRCH {
			return
		}
		if time.Now().After(until) {
			j.t.Errorf("something is left in process group %d", j.group)
			unix.Kill(-j.group, unix.SIGKILL)
			return
		}
	}
}
