package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The stories in testdata are told with the programs as they are shipped, both in one directory as in an image.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rolechain-test-")
	if err == nil {
		programs = dir
		err = build(dir)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir, "./cmd/entrypoint", "./cmd/rolechain")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

// watch opens the directories of the programs' sources: the go command reuses the result of a test when the files that
// the test opened are the same, and does not see those that building the programs opens.
var watch = sync.OnceFunc(func() {
	for _, dir := range []string{"cmd", "internal"} {
		_ = filepath.WalkDir(filepath.Join("..", "..", dir), func(_ string, _ os.DirEntry, err error) error { return err })
	}
})

// TestStories runs testdata/*.txtar, each in a directory of its own ($WORK) with an empty home and a token.
func TestStories(t *testing.T) {
	watch()
	testscript.Run(t, testscript.Params{
		Dir:      "testdata",
		Cmds:     map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Deadline: time.Now().Add(time.Minute), // for a program that hangs
		Setup: func(env *testscript.Env) error {
			in := func(name string) string { return filepath.Join(env.WorkDir, name) }
			env.Vars = []string{
				"WORK=" + env.WorkDir,
				"PATH=" + programs + ":" + os.Getenv("PATH"),
				"HOME=" + in("home"),
				"TMPDIR=" + in("tmp"),
				"HOSTNAME=spark-0",
				"AWS_WEB_IDENTITY_TOKEN_FILE=" + in("token"),
			}
			return errors.Join(
				os.MkdirAll(in("home"), 0o755),
				os.MkdirAll(in("tmp"), 0o755),
				os.WriteFile(in("token"), []byte("a.b.c"), 0o644),
			)
		},
	})
}

// exits CODE PROGRAM [ARGUMENT...] runs a program and wants that exit code of it.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
