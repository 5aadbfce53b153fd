package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rolechain/e2e/kubernetes/cluster"
)

// Files of a cluster that stays.
const (
	pidFile   = "pid"   // of its first process
	readyFile = "ready" // once it is
)

// stay runs the cluster that stays.
func stay(ctx context.Context, o Order) error {
	c := &cluster.Cluster{Dir: o.Work, Bin: o.Programs, Cgroup: cluster.Enclosed()}
	defer c.Stop()
	if err := c.Start(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.Work, readyFile), nil, 0o644); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (s *Suite) stays() string { return filepath.Join(s.build, "up") }

// running is the process id of the cluster that stays, 0 without one.
func (s *Suite) running() int {
	text, err := os.ReadFile(filepath.Join(s.stays(), pidFile))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid == 0 {
		return 0
	}
	// Another process may have the number by now.
	words, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if !strings.Contains(string(words), s.stays()) {
		return 0
	}
	return pid
}

// up starts a cluster that stays, unless there is one.
func (s *Suite) up(ctx context.Context, out io.Writer) (bool, error) {
	if s.running() == 0 {
		if err := s.startStaying(ctx); err != nil {
			return false, err
		}
	}
	ready := filepath.Join(s.stays(), readyFile)
	for { // another call of -up may be waiting as well
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if s.running() == 0 {
			said, _ := os.ReadFile(filepath.Join(s.build, "up.log"))
			return false, fmt.Errorf("the cluster has ended: %s", said)
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	fmt.Fprintf(out, "kubeconfig: %s\nkubectl: %s\n", filepath.Join(s.stays(), "pki", "admin.conf"), filepath.Join(s.stays(), "kubectl"))
	return true, nil
}

func (s *Suite) startStaying(ctx context.Context) error {
	if err := check(); err != nil {
		return err
	}
	if err := buildTools(ctx, s.root, s.bin()); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(s.stays()), os.MkdirAll(s.stays(), 0o755)); err != nil {
		return err
	}
	order, err := json.Marshal(Order{Work: s.stays(), Programs: s.bin(), Stay: true})
	if err != nil {
		return err
	}
	log, err := os.Create(s.stays() + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	cmd, err := cluster.Enclose(false, log, []string{s.stays()}, partArgument, string(order))
	if err != nil {
		return err
	}
	pid := cmd.Process.Pid
	kubectl := fmt.Sprintf("#!/bin/sh\nexec nsenter --net=/proc/%d/ns/net -- %s/kubectl --kubeconfig %s/pki/admin.conf \"$@\"\n", pid, s.bin(), s.stays())
	return errors.Join(os.WriteFile(filepath.Join(s.stays(), "kubectl"), []byte(kubectl), 0o755),
		os.WriteFile(filepath.Join(s.stays(), pidFile), []byte(fmt.Sprint(pid)), 0o644))
}

// down ends it, and returns when nothing is left.
func (s *Suite) down(ctx context.Context, out io.Writer) (bool, error) {
	pid := s.running()
	if pid == 0 {
		return true, os.RemoveAll(s.stays())
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return false, err
	}
	for {
		if _, err := os.Stat(s.stays()); errors.Is(err, os.ErrNotExist) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
