package main_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const (
	clientRole = "arn:aws:iam::444455556666:role/client"
	jobRole    = "arn:aws:iam::111122223333:role/job"
)

// chained is the environment of a start with roles, in a home of its own, with more at the end.
func chained(t *testing.T, more ...string) (home string, env []string) {
	t.Helper()
	home = t.TempDir()
	tokenFile := filepath.Join(home, "token")
	if err := os.WriteFile(tokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return home, append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"HOSTNAME=spark-0",
		"CLIENT_ROLE_ARN=" + clientRole,
		"AWS_ROLE_ARN=" + jobRole,
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + tokenFile,
	}, more...)
}

// entrypoint is a start in this environment. When it hangs, all that it started is killed with it.
func entrypoint(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	watch()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit) // t's own ends before its clean-up
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "entrypoint"), args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// Nobody may be reading stderr any more, and a write to such a pipe kills a Go program that makes it by os.Stderr.
func TestNobodyReadsStderr(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	home, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=echo", "CLIENT_ROLE_ANR=a warning", "ROLE_CHAIN_LOG_LEVEL=debug")
	cmd := entrypoint(t, env, "here")
	cmd.Stderr = write
	if out, err := cmd.Output(); err != nil || string(out) != "here\n" {
		t.Errorf("%v, %q", err, out)
	}
	if _, err := os.Stat(filepath.Join(home, ".aws", "config")); err != nil {
		t.Error(err)
	}
}

// What the kernel hands over is bytes: of arguments and variables nothing may be quoted, sorted, cleaned or left out.
func TestArgumentsAreUntouched(t *testing.T) {
	t.Parallel()
	_, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=cat")
	args := []string{"/proc/self/cmdline", "--", "", " ", "a  b", "line\nbreak", "\xff\xfe", "$HOME", "*", "--help", "", "/proc/self/cmdline"}
	cmd := entrypoint(t, env, args...)
	got, _ := cmd.Output() // cat complains of arguments that are no files
	want := "cat\x00" + strings.Join(args, "\x00") + "\x00"
	if string(got) != want+want {
		t.Errorf("the original's arguments, twice, are %q, want %q", got, want+want)
	}
}

func TestEnvironmentIsUntouched(t *testing.T) {
	t.Parallel()
	odd := []string{
		"ROLE_CHAIN_ENTRYPOINT=cat",
		"Z=last letter first", "A=", "LINES=one\ntwo", "BYTES=\xff\xfe", "QUOTES='\"$HOME`\\", "EQUALS=a=b=c", "lower=1", "LOWER=2",
		"=C:=a name that is empty",
		"BASH_FUNC_f%%=() { :; }",
	}
	t.Run("pass through", func(t *testing.T) {
		env := append([]string{"PATH=" + os.Getenv("PATH")}, odd...)
		wantEnvironment(t, env, env)
	})
	t.Run("chain", func(t *testing.T) {
		_, env := chained(t, odd...)
		wantEnvironment(t, env, append(env[:len(env):len(env)], "AWS_EC2_METADATA_DISABLED=true"))
	})
	t.Run("removed", func(t *testing.T) {
		_, env := chained(t, append(odd, "ROLE_CHAIN_IRSA_ENV=remove")...)
		var want []string
		for _, v := range env {
			if !strings.HasPrefix(v, "AWS_ROLE_ARN=") && !strings.HasPrefix(v, "AWS_WEB_IDENTITY_TOKEN_FILE=") {
				want = append(want, v)
			}
		}
		wantEnvironment(t, env, append(want, "AWS_EC2_METADATA_DISABLED=true"))
	})
}

// A name that is there twice has two values for programs that disagree about which counts (getenv: the first, bash: the
// last), so neither may go. Container runtimes do not make such an environment; env files of other launchers do.
func TestVariablesThatAreThereTwice(t *testing.T) {
	t.Parallel()
	env := []string{"PATH=" + os.Getenv("PATH"), "ROLE_CHAIN_ENTRYPOINT=cat", "TWICE=first", "TWICE=last"}
	wantEnvironment(t, env, env)
}

// wantEnvironment starts with exactly env, which os/exec would tidy up first, and compares what cat then has.
func wantEnvironment(t *testing.T, env, want []string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p, err := os.StartProcess(filepath.Join(programs, "entrypoint"), []string{"entrypoint", "/proc/self/environ"},
		&os.ProcAttr{Env: env, Files: []*os.File{null, out, null}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	// The mark against a loop of execs comes last, and is the only addition of a start without roles.
	last := strings.LastIndex(strings.TrimSuffix(string(got), "\x00"), "\x00") + 1
	if w := strings.Join(want, "\x00") + "\x00"; string(got)[:last] != w || !strings.HasPrefix(string(got)[last:], "ROLECHAIN_STARTED="+itoa(p.Pid)+" ") {
		t.Errorf("the original's environment is\n%q, want\n%q and a mark", got, w)
	}
}

// A signal to the container's first process is one to the original: its own handler decides.
func TestSignalsReachTheOriginal(t *testing.T) {
	t.Parallel()
	_, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=sh")
	cmd := entrypoint(t, env, "-c", `trap 'exit 7' TERM; echo $$; while sleep 0.1; do :; done`)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	// Nothing else holds the pipe open: it ends with the original.
	if rest, err := io.ReadAll(stdout); err != nil || len(rest) > 0 {
		t.Errorf("the rest of stdout is %q, %v", rest, err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("the container ends with %v, want 7 from the original's handler", cmd.ProcessState)
	}
	if pid := strings.TrimSpace(ready); pid != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("the original is process %s, want %d, which was started", pid, cmd.Process.Pid)
	}
}

// Standard streams may be anything, and one that is closed must not become one of our files.
func TestStandardStreams(t *testing.T) {
	t.Parallel()
	home, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=sh")
	var stdout, stderr bytes.Buffer
	cmd := entrypoint(t, env, "-c", "cat; echo out; echo err >&2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("in\n"), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "in\nout\n" || !strings.HasSuffix(stderr.String(), "\nerr\n") {
		t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
	}

	// A start whose stderr is closed still writes the file, and nothing else into it.
	config := filepath.Join(home, ".aws", "config")
	want, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	closed := exec.CommandContext(t.Context(), "sh", "-c", `exec "$0" -c 'echo job >&2' <&- >&- 2>&-`, filepath.Join(programs, "entrypoint"))
	closed.Env = env
	if err := closed.Run(); err != nil {
		t.Errorf("with closed streams: %v", err)
	}
	if got, err := os.ReadFile(config); err != nil || !bytes.Equal(got, want) {
		t.Errorf("with closed streams the file is %q, %v", got, err)
	}
}
