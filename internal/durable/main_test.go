package durable_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
)

// The test binary starts itself again in two shapes: as one test in a mount
// namespace of its own (isolated), and as a writer to be killed (writerEnv).
const (
	isolatedEnv = "DURABLE_TEST_ISOLATED" // the directory to work in
	writerEnv   = "DURABLE_TEST_WRITER"   // see writer
)

func init() {
	if os.Getenv(writerEnv) != "" {
		runtime.LockOSThread() // the main goroutine to the thread that is traced
	}
}

func TestMain(m *testing.M) {
	if what := os.Getenv(writerEnv); what != "" {
		if err := writer(what, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// needRoot skips, or fails where the tools are promised.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		cannot(t, "needs root: mounts, other users' files")
	}
}

func cannot(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("ROLECHAIN_REQUIRE_TOOLS") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// isolated runs the calling test once more, in a process where it may mount and
// change its user. There it returns a directory; in the calling process it
// returns "" after passing on the result.
func isolated(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv(isolatedEnv); dir != "" {
		return dir
	}
	needRoot(t)
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755)) // so that other users get there
	}
	args := []string{"-test.run=^" + t.Name() + "$", "-test.v", "-test.timeout=60s"}
	if f := flag.Lookup("test.gocoverdir"); f != nil && f.Value.String() != "" {
		args = append(args, "-test.gocoverdir="+f.Value.String())
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), isolatedEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // and makes / private
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Logf("%s", out)
	case strings.Contains(string(out), "--- SKIP: "+t.Name()):
		t.Skipf("%s", out)
	default:
		t.Errorf("%v\n%s", err, out)
	}
	return ""
}

// becomeNobody makes the whole process, once isolated, uid and gid 65534.
func becomeNobody(t *testing.T) { become(t, 65534, 65534) }

func become(t *testing.T, uid, gid int, groups ...int) {
	t.Helper()
	must(t, syscall.Setgroups(groups))
	must(t, syscall.Setresgid(gid, gid, gid))
	must(t, syscall.Setresuid(uid, uid, 0)) // the saved 0 is the way back, for cleaning up
	t.Cleanup(func() { must(t, syscall.Setresuid(0, 0, 0)) })
}

func mount(t *testing.T, source, target, fstype string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		cannot(t, fmt.Sprintf("mount %s on %s: %v", fstype, target, err))
	}
}

func bind(t *testing.T, source, target string, readOnly bool) {
	t.Helper()
	mount(t, source, target, "", unix.MS_BIND, "")
	if readOnly {
		mount(t, "", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
}

// tmpfs mounts one of 64 KiB on a new directory and returns that.
func tmpfs(t *testing.T, dir string) string {
	t.Helper()
	must(t, os.Mkdir(dir, 0o755))
	mount(t, "tmpfs", dir, "tmpfs", 0, "size=64k")
	return dir
}

func fillUp(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(dir + "/ballast")
	must(t, err)
	defer f.Close()
	for size := 4096; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put makes a file by other means than the package's.
func put(t *testing.T, path, content string, mode os.FileMode) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), mode))
	must(t, os.Chmod(path, mode))
	return path
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	data, ok, err := durable.Read(path)
	if err != nil || !ok || string(data) != want {
		t.Errorf("content of %s = %.80q, %v, %v; want %.80q", path, data, ok, err, want)
	}
}

// wantNames compares the names in dir, among them any temp file.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

func wantIs(t *testing.T, err error, want error, unwritable bool) {
	t.Helper()
	if wrapped, ok := err.(interface{ Unwrap() error }); !ok || wrapped.Unwrap() == nil {
		t.Errorf("error %v does not wrap anything", err)
	}
	if !errors.Is(err, want) || durable.IsUnwritable(err) != unwritable {
		t.Errorf("error %v (unwritable: %v), want %v (unwritable: %v)", err, durable.IsUnwritable(err), want, unwritable)
	}
}

func stat(t *testing.T, path string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	return st
}

func wantMode(t *testing.T, path string, want uint32) {
	t.Helper()
	if got := stat(t, path).Mode & 0o7777; got != want {
		t.Errorf("mode of %s = %04o, want %04o", path, got, want)
	}
}
