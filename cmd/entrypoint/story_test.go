package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rolechain/internal/buildtest"
	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// The stories in testdata are told with the programs as they are shipped. Nothing of the test binary is in them: its
// descriptors, signals and coverage would not be the real ones.
var programs string // the directory of entrypoint, rolechain and pod

func TestMain(m *testing.M) {
	buildtest.Main(m, func(dir string) error {
		programs = dir
		return os.Chmod(dir, 0o755) // for pods, which do not run as root
	}, "rolechain/cmd/entrypoint/testdata/pod")
}

// watch opens the directories of the programs' sources: the go command reuses the result of a test when the files that
// the test opened are the same, and does not see those that building the programs opens.
var watch = sync.OnceFunc(func() {
	for _, dir := range []string{"cmd", "internal"} {
		_ = filepath.WalkDir(filepath.Join("..", "..", dir), func(_ string, _ os.DirEntry, err error) error { return err })
	}
})

// limit is when a program counts as hanging. A whole run takes seconds.
const limit = 5 * time.Minute

var commands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":  exits,
	"says":   says,
	"unmark": unmark,
}

// unmark FILE takes the mark of a start, which must be there once, out of a list of variables.
func unmark(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unmark FILE")
	}
	before := ts.ReadFile(args[0])
	line := regexp.MustCompile(`(?m)^ROLECHAIN_STARTED=\d+ \d+ \d+ [0-9a-f.,]+\n`)
	if n := len(line.FindAllString(before, -1)); n != 1 {
		ts.Fatalf("%d marks in\n%s", n, before)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(line.ReplaceAllString(before, "")), 0o600))
}

// says FILE wants the last program to have said what is in FILE, where variables are filled in, at whatever time.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: says FILE")
	}
	stamp := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ `)
	got, want := stamp.ReplaceAllString(ts.ReadFile("stderr"), ""), stamp.ReplaceAllString(os.Expand(ts.ReadFile(args[0]), ts.Getenv), "")
	if got != want {
		ts.Fatalf("said, apart from the time:\n%s\nwant:\n%s", got, want)
	}
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

// TestStories runs testdata/*.txtar, each in a directory of its own ($WORK) with an empty home and a token. An STS that takes
// the token in the file jwt is at $STS.
func TestStories(t *testing.T) {
	watch()
	sts := chainOf(t, 0)
	testscript.Run(t, testscript.Params{
		Dir:      "testdata",
		Cmds:     commands,
		Deadline: time.Now().Add(limit),
		Setup: func(env *testscript.Env) error {
			env.Vars = []string{
				"WORK=" + env.WorkDir,
				"PATH=" + programs + ":" + os.Getenv("PATH"),
				"HOME=" + filepath.Join(env.WorkDir, "home"),
				"TMPDIR=" + filepath.Join(env.WorkDir, "tmp"),
				"HOSTNAME=spark-0",
				"AWS_WEB_IDENTITY_TOKEN_FILE=" + filepath.Join(env.WorkDir, "token"),
				"STS=" + sts.URL,
				"PROGRAMS=" + programs,
			}
			if err := putJWT(sts, env.WorkDir); err != nil {
				return err
			}
			return furnish(env.WorkDir, "home", "tmp", "token")
		},
	})
}

// TestPods runs testdata/pods/*.txtar: situations that take mounts and other users. $WORK/pod is the root file system of
// the container, in which testdata/pod runs commands. The file jwt and $STS are as for the other stories.
func TestPods(t *testing.T) {
	needMounts(t)
	watch()
	sts := chainOf(t, 0)
	testscript.Run(t, testscript.Params{
		Dir:      filepath.Join("testdata", "pods"),
		Cmds:     commands,
		Deadline: time.Now().Add(limit),
		Setup: func(env *testscript.Env) error {
			env.Vars = []string{
				"WORK=" + env.WorkDir,
				"PATH=" + programs + ":" + os.Getenv("PATH"),
				"HOME=/home/hadoop",
				"HOSTNAME=spark-0",
				"CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client",
				"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job",
				"STS=" + sts.URL,
				"PROGRAMS=" + programs,
			}
			env.Defer(func() { checkMounts(env.WorkDir) })
			if err := putJWT(sts, env.WorkDir); err != nil {
				return err
			}
			return furnishPod(env.WorkDir)
		},
	})
}

const token = "a.b.c"

func putJWT(sts *ststest.Server, dir string) error {
	return os.WriteFile(filepath.Join(dir, "jwt"), []byte(sts.Token("system:serviceaccount:emr:spark")), 0o644)
}

func furnish(root, home, tmp, tokenFile string) error {
	for _, dir := range []string{home, tmp, filepath.Dir(tokenFile)} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	path := filepath.Join(root, tokenFile)
	if _, err := os.Lstat(path); err == nil {
		return nil // the story's own
	}
	return os.WriteFile(path, []byte(token), 0o644)
}

func furnishPod(work string) error {
	root := filepath.Join(work, "pod")
	err := furnish(root, "home/hadoop", "tmp", "var/run/secrets/eks.amazonaws.com/serviceaccount/token")
	if err != nil {
		return err
	}
	for path, mode := range map[string]os.FileMode{
		root:                                   0o755,
		filepath.Join(root, "tmp"):             0o777 | os.ModeSticky,
		filepath.Join(work, "termination-log"): 0o666, // as the kubelet makes it
	} {
		if err := os.Chmod(path, mode); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	const hadoop = 999
	return filepath.WalkDir(filepath.Join(root, "home/hadoop"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, hadoop, hadoop)
	})
}

// needMounts skips, or fails where the tools are promised.
func needMounts(t *testing.T) {
	t.Helper()
	why := "root"
	if os.Geteuid() == 0 {
		work := t.TempDir()
		if err := furnishPod(work); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(programs, "pod"), "--", "true")
		cmd.Dir = work
		out, err := cmd.CombinedOutput()
		checkMounts(work)
		if err == nil {
			return
		}
		why = fmt.Sprintf("mounts (%v: %s)", err, out)
	}
	sdktest.Missing(t, why)
}

// checkMounts makes sure that no mount below dir came out of a pod, before dir is removed with all that is in it.
func checkMounts(dir string) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		// To stop here is the only safe thing: removing dir would remove what is mounted in it.
		panic(fmt.Sprintf("mounts in %s: %v\n%s", dir, err, mounts))
	}
}
