package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// markEnv marks every process of a pod; its value names the pod.
const markEnv = "CHAOS_POD"

// A Proc is a process of a pod.
type Proc struct {
	Pid, Parent int
	Start       string // clock ticks since boot; with the pid it is this process alone
	State       byte   // as in /proc; Z is one that has ended
	Mark        string
}

// Procs knows the processes of all pods. This program is process 1 of its namespace, so it reaps those whose parents have
// ended.
type Procs struct {
	mu      sync.Mutex
	own     map[int]bool // started here, and reaped by whoever started them
	marks   map[string]string
	current []Proc
}

// start starts a command of which somebody here will call Wait.
func (p *Procs) start(cmd *exec.Cmd) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	p.own[cmd.Process.Pid] = true
	return nil
}

// wait waits for a command.
func (p *Procs) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.own, cmd.Process.Pid)
	return err
}

// of returns the processes of a pod that have not ended.
func (p *Procs) of(mark string) (list []Proc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scan()
	for _, proc := range p.current {
		if proc.Mark == mark && proc.State != 'Z' {
			list = append(list, proc)
		}
	}
	return list
}

// scan looks at every process. p.mu is held.
func (p *Procs) scan() {
	entries, _ := os.ReadDir("/proc")
	p.current = p.current[:0]
	marks := map[string]string{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == 1 {
			continue
		}
		proc, ok := readProc(pid)
		if !ok {
			continue
		}
		id := fmt.Sprint(pid, " ", proc.Start)
		mark := p.marks[id]
		if proc.State == 'Z' && mark != "" && proc.Parent == os.Getpid() && !p.own[pid] {
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
			continue
		}
		if mark == "" { // before its execve a child has another environment
			mark = markOf(pid)
		}
		proc.Mark, marks[id] = mark, mark
		p.current = append(p.current, proc)
	}
	p.marks = marks
}

func readProc(pid int) (Proc, bool) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(line, ')')
	if err != nil || end < 0 {
		return Proc{}, false
	}
	fields := strings.Fields(string(line[end+1:]))
	if len(fields) < 20 {
		return Proc{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	return Proc{Pid: pid, Parent: parent, Start: fields[19], State: fields[0][0]}, true
}

func markOf(pid int) string {
	env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	for _, v := range bytes.Split(env, []byte{0}) {
		if mark, ok := bytes.CutPrefix(v, []byte(markEnv+"=")); ok {
			return string(mark)
		}
	}
	return ""
}

// refresher tells the two processes of a pod's refresher apart by their parents: the supervisor is the original's child,
// the worker the supervisor's, or nobody's when that has ended. 0 is a process that is not there.
func (p *Procs) refresher(mark string, original int) (supervisor, worker int) {
	list := p.of(mark)
	for _, proc := range list {
		if proc.Parent == original && proc.Pid != original {
			supervisor = proc.Pid
		}
	}
	for _, proc := range list {
		if proc.Pid != original && proc.Pid != supervisor && (proc.Parent == supervisor || proc.Parent == os.Getpid()) {
			worker = proc.Pid
		}
	}
	return supervisor, worker
}
