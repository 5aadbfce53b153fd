package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// aimPrivate is the private memory that a refresher may have while it is idle, in kB.
const aimPrivate = 6 << 10

// asking is how many clients make the requests, on connections that they keep.
const asking = 8

// A footprint is the memory of a process, in kB.
type footprint struct{ private, anonymous int }

// memory reads refreshers, which needs root: they hide their memory from everybody else.
func memory(_ context.Context, c *cluster, o options, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "delivery\tprivate to the aim\tprivate kB (aim %d)\tsupervisor's\tworker's\tanonymous kB\tsupervisor's\tworker's\n", aimPrivate)
	// One after the other: pages of the program's file would count as shared.
	err := c.memoryOf("file", 0, w)
	if err == nil {
		err = c.memoryOf("endpoint", o.requests, w)
	}
	if errors.Is(err, os.ErrPermission) {
		_, err = fmt.Fprintln(out, "memory of the refresher: not measured, it takes root with CAP_SYS_PTRACE")
		return err
	}
	fmt.Fprintln(out, "memory of the refresher, supervisor and worker together")
	return errors.Join(err, w.Flush())
}

// memoryOf prints a line for a refresher after its start, and one after so many requests.
func (c *cluster) memoryOf(delivery string, requests int, w io.Writer) error {
	p, err := c.startPod(delivery, c.Places[0], 0)
	if err != nil {
		return err
	}
	defer p.end()
	if err := p.footprints(delivery+", idle after the start", w); err != nil || requests == 0 {
		return err
	}
	s, err := p.endpoint()
	if err != nil {
		return err
	}
	asked := newContestant("", s, asking, true)
	err = asked.round(max(requests, asking), false)
	asked.close()
	if err != nil {
		return err
	}
	return p.footprints(fmt.Sprintf("%s, idle after %d requests", delivery, requests), w)
}

// footprints prints a line for the pod's refresher when its memory has settled: two looks a quarter of a second apart that
// agree, or the last of twenty.
func (p *pod) footprints(when string, w io.Writer) error {
	supervisor, err := onlyChild(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	worker, err := onlyChild(supervisor)
	if err != nil {
		return err
	}
	var now [2]footprint
	for range 20 {
		before := now
		for i, pid := range []int{supervisor, worker} {
			if now[i], err = footprintOf(pid); err != nil {
				return err
			}
		}
		if now == before {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	private := now[0].private + now[1].private
	_, err = fmt.Fprintf(w, "%s\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\n", when, float64(private)/aimPrivate,
		private, now[0].private, now[1].private, now[0].anonymous+now[1].anonymous, now[0].anonymous, now[1].anonymous)
	return err
}

// onlyChild returns the one process whose parent is pid.
func onlyChild(pid int) (int, error) {
	var found []string
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range threads {
		children, _ := os.ReadFile(file) // the thread may have ended
		found = append(found, strings.Fields(string(children))...)
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("process %d has the children %v, not one", pid, found)
	}
	return strconv.Atoi(found[0])
}

// footprintOf reads /proc/PID/smaps_rollup (proc_pid_smaps(5)), which has lines such as
//
//	Private_Dirty:      1404 kB
func footprintOf(pid int) (footprint, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	kB := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 && words[2] == "kB" {
			kB[words[0]], _ = strconv.Atoi(words[1])
		}
	}
	f := footprint{kB["Private_Clean:"] + kB["Private_Dirty:"], kB["Anonymous:"]}
	if err == nil && (f.private == 0 || f.anonymous == 0) {
		err = fmt.Errorf("smaps_rollup of process %d has no private memory: %q", pid, text)
	}
	return f, err
}
