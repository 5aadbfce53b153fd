package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const groupPrefix = "rolechain-chaos-"

// groupFiles are what a controller calls its limit, and what is in use, in version 1 and 2 of control groups.
var groupFiles = map[string][2]struct{ limit, usage, none string }{
	"pids":   {{"pids.max", "pids.current", "max"}, {"pids.max", "pids.current", "max"}},
	"memory": {{"memory.limit_in_bytes", "memory.usage_in_bytes", "-1"}, {"memory.max", "memory.current", "max"}},
}

// hierarchies finds a group for each controller, "pids" and "memory", that can have others below it: this process's own, or in
// version 2 the root. What the machine does not have is not in it.
func hierarchies() map[string]string {
	found := map[string]string{}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	own, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		for controller := range groupFiles {
			switch {
			case fields[2] == "cgroup" && slices.Contains(strings.Split(fields[3], ","), controller):
				found[controller] = place(fields[1], ownGroup(string(own), controller))
			case fields[2] == "cgroup2" && found[controller] == "":
				// Under systemd other processes are in the own group. The root may have some.
				for _, dir := range []string{place(fields[1], ownGroup(string(own), "")), fields[1]} {
					if found[controller] == "" && delegated(dir, controller) {
						found[controller] = dir
					}
				}
			}
		}
	}
	return found
}

// ownGroup reads a /proc/self/cgroup; controller "" is version 2's.
func ownGroup(table, controller string) string {
	scanner := bufio.NewScanner(strings.NewReader(table))
	for scanner.Scan() {
		if parts := strings.SplitN(scanner.Text(), ":", 3); len(parts) == 3 && slices.Contains(strings.Split(parts[1], ","), controller) {
			return parts[2]
		}
	}
	return "/"
}

// place is where a group is seen: in a container the mount shows the container's own group as the root.
func place(mount, group string) string {
	if dir := filepath.Join(mount, group); isDir(dir) {
		return dir
	}
	return mount
}

func isDir(path string) bool { info, err := os.Stat(path); return err == nil && info.IsDir() }

// delegated reports whether a version 2 group can give the controller to its children. It can while no process is in it,
// and in the root.
func delegated(dir, controller string) bool {
	list, _ := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if !slices.Contains(strings.Fields(string(list)), controller) {
		return false
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0) == nil
}

// A Group is a pod's control group; of each controller that there is.
type Group struct{ dirs map[string]string }

func newGroup(suite int, name string) (*Group, error) {
	g := &Group{map[string]string{}}
	for controller, own := range hierarchies() {
		dir := filepath.Join(own, fmt.Sprintf("%s%d-%s", groupPrefix, suite, name))
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("making a control group: %w", err)
		}
		g.dirs[controller] = dir
	}
	return g, nil
}

// entrances are the files by which a process joins.
func (g *Group) entrances() (files []string) {
	for _, dir := range g.dirs {
		files = append(files, filepath.Join(dir, "cgroup.procs"))
	}
	return files
}

// limit sets a limit to what is in use now and more.
func (g *Group) limit(controller string, more int) error {
	dir, there := g.dirs[controller]
	if !there {
		return errors.ErrUnsupported
	}
	f := g.files(controller)
	for tries := 1; ; tries++ {
		text, err := os.ReadFile(filepath.Join(dir, f.usage))
		if err != nil {
			return err
		}
		used, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return err
		}
		err = os.WriteFile(filepath.Join(dir, f.limit), []byte(strconv.Itoa(used+more)), 0)
		if tries == 100 || !errors.Is(err, unix.EBUSY) { // more is in use by now
			return err
		}
	}
}

func (g *Group) lift(controller string) error {
	dir, there := g.dirs[controller]
	if !there {
		return nil
	}
	f := g.files(controller)
	return os.WriteFile(filepath.Join(dir, f.limit), []byte(f.none), 0)
}

func (g *Group) files(controller string) struct{ limit, usage, none string } {
	version := 0
	if _, err := os.Stat(filepath.Join(g.dirs[controller], "cgroup.type")); err == nil {
		version = 1
	}
	return groupFiles[controller][version]
}

func (g *Group) remove() {
	for _, dir := range g.dirs {
		os.Remove(dir)
	}
}

// limitFiles sets the soft limit of open files of a process; the hard one stays, so that it can be lifted.
func limitFiles(pid int, n uint64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &old); err != nil {
		return err
	}
	return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: min(n, old.Max), Max: old.Max}, nil)
}
