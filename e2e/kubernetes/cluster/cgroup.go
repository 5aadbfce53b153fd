package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const cgroups = "/sys/fs/cgroup"

// controllers are those that the kubelet wants in cgroup v2.
var controllers = []string{"cpuset", "cpu", "memory", "hugetlb", "pids"}

// makeCgroup makes the parent of all control groups of the pods: one in each hierarchy of cgroup v1, or the one of v2.
func makeCgroup(name string) error {
	available, err := os.ReadFile(filepath.Join(cgroups, "cgroup.controllers"))
	if err == nil {
		for _, controller := range strings.Fields(string(available)) {
			if slices.Contains(controllers, controller) {
				_ = os.WriteFile(filepath.Join(cgroups, "cgroup.subtree_control"), []byte("+"+controller), 0) // mostly done before
			}
		}
		return os.MkdirAll(filepath.Join(cgroups, name), 0o755)
	}
	hierarchies, err := os.ReadDir(cgroups)
	if err != nil {
		return fmt.Errorf("looking for control groups: %w", err)
	}
	for _, h := range hierarchies {
		if !h.IsDir() {
			continue // a link to one
		}
		place := filepath.Join(cgroups, h.Name(), name)
		if err := os.MkdirAll(place, 0o755); err != nil {
			return err
		}
		if h.Name() != "cpuset" {
			continue
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // not inherited
			value, err := os.ReadFile(filepath.Join(cgroups, h.Name(), file))
			if err == nil {
				err = os.WriteFile(filepath.Join(place, file), value, 0)
			}
			if err != nil {
				return fmt.Errorf("making a control group: %w", err)
			}
		}
	}
	return nil
}

// removeCgroup removes it with all below it, once the last process in it has ended.
func removeCgroup(name string) error {
	places, _ := filepath.Glob(filepath.Join(cgroups, "*", name))
	for _, place := range append(places, filepath.Join(cgroups, name)) {
		var groups []string
		err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				groups = append(groups, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, group := range slices.Backward(groups) { // the kernel's files go with their directory
			for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				err := os.Remove(group)
				if err == nil || errors.Is(err, fs.ErrNotExist) {
					break
				}
				if time.Now().After(end) {
					return fmt.Errorf("removing a control group: %w", err)
				}
			}
		}
	}
	return nil
}
