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

// up starts a cluster that stays, unless there is one. Interrupted, it ends what it has started.
func (s *Suite) up(ctx context.Context, out io.Writer) (bool, error) {
	started := s.running() == 0
	if started {
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
			if started {
				_, err := s.down(context.WithoutCancel(ctx), out)
				return false, errors.Join(ctx.Err(), err)
			}
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

// How long a cluster may take to end by itself, and to be gone once its first process was killed.
const endsWithin, goneWithin = time.Minute, 20 * time.Second

// down ends it, and returns when nothing is left.
func (s *Suite) down(ctx context.Context, _ io.Writer) (bool, error) {
	pid := s.running()
	if pid == 0 {
		return true, os.RemoveAll(s.stays())
	}
	for _, end := range []struct {
		signal syscall.Signal
		within time.Duration
	}{{syscall.SIGTERM, endsWithin}, {syscall.SIGKILL, goneWithin}} {
		if err := syscall.Kill(pid, end.signal); err != nil && err != syscall.ESRCH {
			return false, err
		}
		gone, err := s.gone(ctx, end.within)
		if gone || err != nil {
			return gone, err
		}
	}
	return false, fmt.Errorf("%s is still there, %v after the cluster's first process, %d, was killed", s.stays(), goneWithin, pid)
}

// gone waits until nothing of the cluster is left, and reports whether that was within limit.
func (s *Suite) gone(ctx context.Context, limit time.Duration) (bool, error) {
	for until := time.Now().Add(limit); time.Now().Before(until); {
		if _, err := os.Stat(s.stays()); errors.Is(err, os.ErrNotExist) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false, nil
}
