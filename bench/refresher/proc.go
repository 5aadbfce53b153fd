package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// onlyChild returns the one process whose parent is pid.
func onlyChild(pid int) (int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	var found []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err == nil && parentOf(string(stat)) == pid { // else it has ended meanwhile
			found = append(found, child)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("process %d has the children %v, not one", pid, found)
	}
	return found[0], nil
}

// parentOf reads the fourth field of proc_pid_stat(5). The second, a name in parentheses, may have any of these in it.
func parentOf(stat string) int {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// A footprint is the memory of processes, in kB.
type footprint struct{ private, anonymous, resident int }

func (f footprint) plus(g footprint) footprint {
	return footprint{f.private + g.private, f.anonymous + g.anonymous, f.resident + g.resident}
}

// errHidden is about a process that cannot be looked into.
var errHidden = errors.New("the refresher hides its memory from everybody but root with CAP_SYS_PTRACE")

func footprintOf(pid int) (footprint, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if errors.Is(err, os.ErrPermission) {
		return footprint{}, errHidden
	}
	if err != nil {
		return footprint{}, err
	}
	return parseRollup(string(text))
}

// parseRollup reads smaps_rollup (proc_pid_smaps(5)): lines such as
//
//	Private_Dirty:      1404 kB
func parseRollup(text string) (footprint, error) {
	kB := map[string]int{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 3 && words[2] == "kB" {
			if n, err := strconv.Atoi(words[1]); err == nil {
				kB[words[0]] = n
			}
		}
	}
	for _, name := range []string{"Rss:", "Private_Clean:", "Private_Dirty:", "Anonymous:"} {
		if _, ok := kB[name]; !ok {
			return footprint{}, fmt.Errorf("smaps_rollup has no %s", strings.TrimSuffix(name, ":"))
		}
	}
	return footprint{kB["Private_Clean:"] + kB["Private_Dirty:"], kB["Anonymous:"], kB["Rss:"]}, nil
}
