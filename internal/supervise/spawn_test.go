package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
	"rolechain/internal/supervise"
)

// After an error the reason is told, and nothing of the program is left: this process is what PID 1 is to it, so that a
// killed worker would be its child.
func TestSpawnRefused(t *testing.T) {
	descriptors := open(t, os.Getpid())
	fault := exit.HintOf(errors.New("of rolechain"))
	for _, test := range []struct {
		way, text, hint string
		code            exit.Code
	}{
		{"fails", "second hop: no\n\ufffdline", "ask", exit.Denied},
		{"fails at length", "\x01\x01", fault, exit.Internal},
		{"worker exits", "the refresher's worker died: exit status 3", fault, exit.Internal},
		{"no socket", "the refresher: no socket today", fault, exit.Internal},
		{"exits", "exe ended before it was ready: exit status 5", fault, exit.Internal},
		{"quiet", "exe ended before it was ready: killed by signal 9", fault, exit.Internal},
		{"half", "exe is not ready: it did not say", fault, exit.Internal},
		{"garbage", "exe is not ready: it did not say", fault, exit.Internal},
		{"empty", "exe is not ready: it did not say", fault, exit.Internal},
		{"both", "exe is not ready: it did not say", fault, exit.Internal},
		{"huge", "exe is not ready: it did not say", fault, exit.Internal},
		{"mute", "exe was not ready in time: context deadline exceeded", fault, exit.Internal},
	} {
		t.Run(test.way, func(t *testing.T) {
			limit := patience
			if test.way == "mute" {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			ready, err := supervise.Spawn(ctx, command(test.way))
			if ready != nil || err == nil || !strings.HasPrefix(err.Error(), test.text) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s, %v", ready, err)
			}
			if exit.CodeOf(err) != test.code || exit.HintOf(err) != test.hint {
				t.Errorf("code %d, hint %q", exit.CodeOf(err), exit.HintOf(err))
			}
			if test.way == "mute" && !errors.Is(err, context.DeadlineExceeded) {
				t.Error("not a deadline's error")
			}
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
				t.Errorf("a child is left: %d, %v", pid, err)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		_, err := supervise.Spawn(context.Background(), supervise.Command{Path: "/nonexistent/rolechain"})
		if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := supervise.Spawn(ctx, command("")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if after := open(t, os.Getpid()); len(after) != len(descriptors) {
		t.Errorf("descriptors before %v, after %v", descriptors, after)
	}
}

// open lists a process's descriptors as 0 /dev/null, with the runtime's own left out.
func open(t *testing.T, pid int) (list []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || strings.HasPrefix(target, "anon_inode:[event") || strings.HasPrefix(target, "/sys/fs/cgroup/") || strings.Contains(target, fmt.Sprintf("/proc/%d/", pid)) {
			continue
		}
		kind, _, _ := strings.Cut(target, ":[")
		list = append(list, e.Name()+" "+kind)
	}
	return list
}

func zombies(parent int) (list []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), fmt.Sprintf(") Z %d ", parent)) {
			list = append(list, string(text))
		}
	}
	return list
}

// Who has which descriptors, in which session: also when the entrypoint was started with some too many.
func TestDescriptors(t *testing.T) {
	needRoot(t, "a look at a process that hides its descriptors")
	t.Parallel()
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	j := startJob(t, "", nil, w, w, w, w, w, w) // 3 to 8: where the package has its own, and beyond
	w.Close()
	check := func() {
		t.Helper()
		for _, pid := range []int{j.supervisor.pid, j.worker.pid} {
			count := map[string]int{}
			for _, entry := range open(t, pid) {
				number, kind, _ := strings.Cut(entry, " ")
				if kind == "/dev/null" && number != "0" && number != "1" || kind == "pipe" && number != "2" {
					t.Errorf("%d has %s", pid, entry)
				}
				count[kind]++
			}
			if sockets := count["socket"]; sockets != 2 { // the listener, and the one to talk
				t.Errorf("%d has %d sockets", pid, sockets)
			}
			pidfds := count["anon_inode"] + count["pidfd"] // before and since Linux 6.9
			if pidfds != 1 || len(count) != 4 || count["pipe"] != 1 {
				t.Errorf("%d has %v", pid, count)
			}
			if session, err := unix.Getsid(pid); err != nil || session == unixSession(t, os.Getpid()) {
				t.Errorf("session %d, %v", session, err)
			}
		}
	}
	for until := time.Now().Add(patience); slices.Contains(open(t, j.supervisor.pid), "4 pipe") && time.Now().Before(until); time.Sleep(time.Millisecond) {
	} // what Spawn reads; the supervisor closes it after its answer
	check()
	if session := unixSession(t, j.supervisor.pid); session != j.supervisor.pid {
		t.Errorf("session %d", session)
	}
	if !slices.Equal(j.args, []string{"refresher", "argument"}) {
		t.Errorf("the worker's arguments are %q", j.args)
	}
	j.stdin.Close()
	since := time.Now()
	j.wantEnd(since)
	// The pipe had no other holder than the original.
	must(t, r.SetReadDeadline(time.Now().Add(patience)))
	if n, err := r.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d, %v", n, err)
	}
}

func unixSession(t *testing.T, pid int) int {
	t.Helper()
	session, err := unix.Getsid(pid)
	must(t, err)
	return session
}

// As an ordinary user: executing itself works after PR_SET_DUMPABLE, and others of that user see nothing.
func TestOrdinaryUser(t *testing.T) {
	needRoot(t, "another user")
	t.Parallel()
	const nobody = 65534
	j := startJob(t, "", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	check := func() {
		t.Helper()
		for _, pid := range []int{j.supervisor.pid, j.worker.pid} {
			for _, name := range []string{"environ", "mem", "fd", "maps"} {
				var st unix.Stat_t
				must(t, unix.Stat(fmt.Sprintf("/proc/%d/%s", pid, name), &st))
				if st.Uid != 0 {
					t.Errorf("/proc/%d/%s is user %d's", pid, name, st.Uid)
				}
			}
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			must(t, err)
			if !bytes.Contains(status, []byte("\nUid:\t65534\t65534\t65534\t65534\n")) || !bytes.HasPrefix(status, []byte("Name:\trefresher\n")) {
				t.Errorf("%s", status)
			}
			limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
			must(t, err)
			if line := grep(string(limits), "Max core file size"); strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
				t.Error(line)
			}
		}
	}
	check()
	must(t, unix.Kill(j.worker.pid, unix.SIGKILL))
	j.worker.ended(patience)
	j.worker = watch(t, j.onlyChild(j.supervisor.pid))
	j.ask()
	check()
	since := time.Now()
	j.stdin.Close()
	j.wantEnd(since)
}

func grep(text, what string) string {
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, what) {
			return line
		}
	}
	return ""
}

// memoryBound is in kB. It is four times what is measured, for other kernels and architectures.
var memoryBound = 10 << 10

// What the two cost, in a program that links net and testing; and what Spawn takes.
func TestMemory(t *testing.T) {
	needRoot(t, "a look at a process that hides its memory")
	j := startJob(t, "", nil)
	total := 0
	for name, pid := range map[string]int{"supervisor": j.supervisor.pid, "worker": j.worker.pid} {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		must(t, err)
		clean := number(t, grep(string(rollup), "Private_Clean:"))
		dirty := number(t, grep(string(rollup), "Private_Dirty:"))
		t.Logf("%s: private %d kB clean, %d kB dirty", name, clean, dirty)
		total += clean + dirty
	}
	t.Logf("both %d kB; spawned in %s", total, j.took)
	if total > memoryBound {
		t.Errorf("both take %d kB", total)
	}
}

func number(t *testing.T, line string) int {
	t.Helper()
	fields := strings.Fields(line)
	n, err := strconv.Atoi(fields[1])
	must(t, err)
	return n
}
