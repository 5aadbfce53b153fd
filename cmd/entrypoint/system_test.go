package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// What the system may refuse a start has a message of its own, an exit code, and a word on what to do.
func TestSystemRefuses(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	for _, test := range []struct {
		name, shell string
		want        []string
	}{
		{"no /dev/null", `mount -t tmpfs none /dev && exec "$0" x`, []string{"/dev/null", "every container has"}},
		{"the token is one open file too many", `ulimit -n 7 && exec "$0" x`, []string{"too many open files", "ulimit -n"}},
		{"a file is one too many", `ulimit -n 8 && exec "$0" x`, []string{"too many open files", "ulimit -n"}},
		{"the refresher is one too many", `ulimit -n 10 && exec "$0" x`, []string{"too many open files", "ulimit -n"}},
		{"no /proc", `mount -t tmpfs none /proc && exec "$0" x`, []string{"/proc", "mount /proc"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(test.name, "no ") && os.Geteuid() != 0 {
				t.Skip("SKIPPED: needs root, to hide a part of the system")
			}
			_, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_ENTRYPOINT=/bin/true")
			env[0] = "PATH=" + programs + ":" + os.Getenv("PATH") // without /proc nobody knows where the entrypoint lies
			// Descriptors that the test's own caller left open count too.
			const alone = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; "
			cmd := exec.CommandContext(t.Context(), "sh", "-c", alone+test.shell, filepath.Join(programs, "entrypoint"))
			cmd.Env = env
			if strings.HasPrefix(test.name, "no ") {
				cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
			}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 71 || !containsAll(string(out), test.want) {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

func containsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// An environment with which the entrypoint can just be executed, but not the refresher, whose own variables come on top.
func TestLargestEnvironment(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	_, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_ENTRYPOINT=/bin/true")
	const each = 100_000 // the kernel takes 128 KiB a variable
	for n := range 19 {
		env = append(env, "FILLER"+itoa(n)+"="+strings.Repeat("x", each))
	}
	var largest *exec.Cmd
	var said []byte
	for fits, not := 0, 3*each; not-fits > 1; {
		size := (fits + not) / 2
		more := slices.Clone(env)
		for left := size; left > 0; left -= each {
			more = append(more, "MORE"+itoa(left)+"="+strings.Repeat("x", min(left, each)))
		}
		cmd := entrypoint(t, more)
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.E2BIG) {
			not = size
			continue
		}
		fits, largest, said = size, cmd, out
	}
	if largest == nil {
		t.Fatal("nothing fits")
	}
	if code := largest.ProcessState.ExitCode(); code != 71 || !containsAll(string(said), []string{"argument list too long", "make the environment smaller"}) {
		t.Errorf("exit code %d\n%s", code, said)
	}
}
