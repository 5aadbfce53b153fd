package durable_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
)

const tempName = ".rolechain-0123456789abcdef.tmp"

// writer is the child process, which the test kills: it writes args[1] to args[0] between two signals to the tracer.
func writer(how string, args []string) error {
	write := durable.Write
	if how == "own" {
		write = durable.WriteOwn
	}
	syscall.Umask(0)
	here := func() { unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGUSR1) }
	here()
	err := write(args[0], []byte(args[1]))
	here()
	return err
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir+"/config", "content", 0o600)
	foreign := []string{".rolechain-.tmp", ".rolechain-0123456789abcdef", ".rolechain-0123456789abcdef.tm", ".rolechain-0123456789abcdef0.tmp",
		".rolechain-0123456789abcdeg.tmp", "config", "rolechain-0123456789abcdef.tmp", "x.tmp"}
	for _, name := range foreign {
		if name != "config" {
			put(t, dir+"/"+name, "", 0o600)
		}
	}
	put(t, dir+"/"+tempName, "secret", 0o600)
	must(t, os.Symlink("config", dir+"/.rolechain-eeeeeeeeeeeeeeee.tmp"))
	must(t, durable.Sweep(path))
	wantNames(t, dir, foreign...)
	wantContent(t, path, "content")
	directory := dir + "/.rolechain-cccccccccccccccc.tmp"
	must(t, os.Mkdir(directory, 0o700))
	must(t, durable.Sweep(path))
	must(t, os.Remove(directory))
}

func TestSweepManyInALargeDirectory(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		put(t, fmt.Sprintf("%s/.rolechain-%016x.tmp", dir, i), "secret", 0o600)
		put(t, fmt.Sprintf("%s/some file with a longer name %d", dir, i), "", 0o600)
	}
	must(t, durable.Sweep(dir+"/config"))
	if left, _ := filepath.Glob(dir + "/.rolechain-*"); left != nil {
		t.Errorf("left %d, such as %s", len(left), left[0])
	}
	if left, _ := filepath.Glob(dir + "/some*"); len(left) != 300 {
		t.Errorf("%d foreign files of 300", len(left))
	}
}

// What cannot be removed is an error to log and does not keep the rest.
func TestSweepRefused(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	put(t, dir+"/home/"+tempName, "", 0o666)
	must(t, os.Mkdir(dir+"/closed", 0o700))
	becomeNobody(t)
	wantIs(t, durable.Sweep(dir+"/home/config"), unix.EACCES, true)
	wantIs(t, durable.Sweep(dir+"/closed/config"), unix.EACCES, true)
}

// checkAfterCrash returns how many temp files the crash had left.
func checkAfterCrash(t *testing.T, path string, whole func([]byte) bool) int {
	t.Helper()
	data, ok, err := durable.Read(path)
	if err != nil || ok != (data != nil) || !whole(data) {
		t.Fatalf("after a kill: %.60q, %v, %v", data, ok, err)
	}
	dir := filepath.Dir(path)
	temps, _ := filepath.Glob(dir + "/.rolechain-*.tmp")
	for _, temp := range temps {
		if mode := stat(t, temp).Mode; mode&0o077 != 0 {
			t.Errorf("%s has mode %o", temp, mode)
		}
	}
	must(t, durable.Sweep(path))
	if rest, _ := filepath.Glob(dir + "/.rolechain-*"); rest != nil {
		t.Fatalf("after the sweep: %v", rest)
	}
	return len(temps)
}

// A writer killed on entry to and on exit from each of its system calls.
func TestKilledAtEverySystemCall(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/credentials"
	reset := func(old string) {
		put(t, path, old, 0o600)
		timeStands(t, path)
	}
	if left := killEverywhere(t, path, reset, "old, and longer than the new\n", "new\n"); left == 0 {
		t.Error("no temp file was left, so the kills missed the writing")
	}
}

func TestKilledAtEverySystemCallInANewDirectory(t *testing.T) {
	dir := t.TempDir()
	home := dir + "/home"
	reset := func(string) { // looks at what the last kill left, first
		for _, made := range []string{home, home + "/.aws"} {
			var st unix.Stat_t
			if unix.Lstat(made, &st) == nil && st.Mode&0o077 != 0 {
				t.Errorf("%s was made with mode %o", made, st.Mode)
			}
		}
		must(t, os.RemoveAll(home))
	}
	killEverywhere(t, home+"/.aws/config", reset, "", "new\n")
}

// timeStands makes a write of path set the time, as within the second of the write before, whatever the clock does meanwhile:
// a writer that needs no utimensat makes a call less than the others.
func timeStands(t *testing.T, path string) {
	t.Helper()
	must(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
}

// killEverywhere returns how many temp files were left.
func killEverywhere(t *testing.T, path string, reset func(old string), old, new string) (left int) {
	t.Helper()
	seen := map[string]int{}
	for stop := 1; ; stop++ {
		reset(old)
		_, ended := trace(t, stop, "write", path, new)
		left += checkAfterCrash(t, path, func(data []byte) bool {
			seen[string(data)]++
			return string(data) == old || string(data) == new
		})
		if ended {
			wantContent(t, path, new)
			break
		}
	}
	t.Logf("content after the kills %v, temp files %d", seen, left)
	if seen[old] == 0 || seen[new] < 2 {
		t.Error("the kills did not come before and after the new content")
	}
	return left
}

// The order of the calls is the guarantee against power loss, which no test can have: where something can be lost, the data
// is on disk before it gets its name. Otherwise no start waits for the disk.
func TestSystemCalls(t *testing.T) {
	needRoot(t) // others have no fchown
	dir := t.TempDir()
	path := dir + "/config"
	for _, c := range []struct {
		name, how, content, want string
	}{
		{"fresh", "write", "one", "readlinkat openat openat fchmod write close renameat"},
		{"equal", "write", "one", "readlinkat openat fstat read read close"},
		{"time that has not passed", "write", "two", "readlinkat openat fstat read read close openat fchmod write fstat utimensat fchown fsync close renameat"},
		{"other length", "write", "four", "readlinkat openat fstat close openat fchmod write fstat utimensat fchown fsync close renameat"},
		{"the writer's own", "own", "twelve", "readlinkat openat fstat close openat fchmod write fstat utimensat fchown close renameat"},
		{"to nothing", "write", "", "readlinkat openat fstat close openat fchmod fstat utimensat fchown fsync close renameat"},
		{"after nothing", "write", "one", "readlinkat openat fstat close openat fchmod write fstat utimensat fchown close renameat"},
	} {
		if c.name == "time that has not passed" {
			timeStands(t, path)
		}
		calls, _ := trace(t, 0, c.how, path, c.content)
		if got := strings.Join(calls, " "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		wantContent(t, path, c.content)
	}
}

// names of the calls that matter; the Go runtime's own on the thread are futex,
// mmap, signals and the like.
var names = map[uint64]string{
	unix.SYS_OPENAT: "openat", unix.SYS_READLINKAT: "readlinkat", unix.SYS_FSTAT: "fstat", unix.SYS_READ: "read",
	unix.SYS_WRITE: "write", unix.SYS_FSYNC: "fsync", unix.SYS_RENAMEAT: "renameat", unix.SYS_CLOSE: "close",
	unix.SYS_UTIMENSAT: "utimensat", unix.SYS_FCHOWN: "fchown", unix.SYS_FCHMOD: "fchmod",
	unix.SYS_UNLINKAT: "unlinkat", unix.SYS_MKDIRAT: "mkdirat",
}

// trace runs a writer that writes content to path, in the way how, and kills it at its
// stop-th entry to or exit from a system call (never, if 0). It returns the
// names of its calls, and whether it came to its end.
func trace(t *testing.T, stop int, how, path, content string) (calls []string, ended bool) {
	t.Helper()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", path, content)
	cmd.Env = append(os.Environ(), writerEnv+"="+how)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); errors.Is(err, unix.EPERM) {
		cannot(t, "ptrace is not allowed here")
	} else {
		must(t, err)
	}
	pid := cmd.Process.Pid
	defer cmd.Wait()
	defer cmd.Process.Kill()

	var status unix.WaitStatus
	_, err := unix.Wait4(pid, &status, 0, nil) // stopped by exec
	must(t, err)
	must(t, unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL))
	signal, within, stops := 0, false, 0
	for {
		if within {
			err = unix.PtraceSyscall(pid, signal)
		} else {
			err = unix.PtraceCont(pid, signal)
		}
		must(t, err)
		_, err = unix.Wait4(pid, &status, unix.WALL, nil)
		must(t, err)
		signal = 0
		switch {
		case status.Exited() || status.Signaled():
			t.Fatalf("the writer ended too early: %#x", status)
		case status.StopSignal() == unix.SIGUSR1:
			if within {
				return calls, true
			}
			within = true
		case status.StopSignal() == unix.SIGTRAP|0x80:
			nr, entry := systemCall(t, pid)
			name := names[nr]
			if name == "" {
				continue
			}
			if entry {
				calls = append(calls, name)
			}
			if stops++; stops == stop {
				must(t, cmd.Process.Kill())
				return calls, false
			}
		case status.Stopped():
			signal = int(status.StopSignal())
		}
	}
}

// lastCall is what the traced thread entered: on exit the kernel does not repeat it.
var lastCall uint64

// systemCall asks where a traced thread is, on any architecture.
func systemCall(t *testing.T, pid int) (nr uint64, entry bool) {
	t.Helper()
	var info struct { // struct ptrace_syscall_info
		op     uint8
		_      [3]uint8
		arch   uint32
		ip, sp uint64
		nr     uint64
		args   [7]uint64
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(pid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		t.Fatal("ptrace:", errno)
	}
	if info.op == unix.PTRACE_SYSCALL_INFO_ENTRY {
		lastCall = info.nr
		return info.nr, true
	}
	return lastCall, false
}
