package main_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/ststest"
)

// fullPipe is a pipe whose reader has stopped to read, and how many bytes are in it.
func fullPipe(t *testing.T) (read, write *os.File, n int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close(); write.Close() })
	fd := int(write.Fd()) // blocking from here on, as a container's stderr is
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for piece := make([]byte, 4096); err == nil; n += len(piece) {
		_, err = unix.Write(fd, piece)
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	return read, write, n - 4096
}

// A reader of stderr that has stopped to read holds up no start and no end of one, also past SIGTERM. Its pipe stays a
// blocking one, because the job has it too.
func TestNobodyEmptiesStderr(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  []string
		code int
	}{
		{"works", nil, 0},
		{"fails", []string{"ROLE_CHAIN_DURATION=2h"}, 78},
		{"pass through", []string{"CLIENT_ROLE_ARN_=", "ROLE_CHAIN_PROFILES=x"}, 0},
		{"tries the chain", []string{"ROLE_CHAIN_VERIFY=true"}, 0},
		{"endpoint", []string{"ROLE_CHAIN_DELIVERY=endpoint"}, 0},
		{"file", []string{"ROLE_CHAIN_DELIVERY=file"}, 0},
		{"is refused", []string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=" + clientRole + "s"}, 77},
		{"is stopped", []string{"ROLE_CHAIN_DELIVERY=endpoint", "AWS_WEB_IDENTITY_TOKEN_FILE=/none"}, 143},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 0)
			read, write, _ := fullPipe(t)
			home, env := chainedTo(t, sts, "ROLE_CHAIN_ENTRYPOINT=cat", "ROLE_CHAIN_LOG_LEVEL=debug", "CLIENT_ROLE_ANR=a warning")
			for _, v := range test.env {
				name, _, _ := strings.Cut(v, "=")
				env = append(without(env, name), v)
			}
			if test.name == "pass through" {
				env = without(env, "CLIENT_ROLE_ARN")
			}
			message := filepath.Join(home, "error.log")
			if err := os.WriteFile(message, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			signal := filepath.Join(home, "signal")
			cmd := entrypoint(t, append(env, "TERMINATION_ERROR_LOG_FILE_PATH="+message, "SIDECAR_SIGNAL_FILE="+signal), "/proc/self/fdinfo/2")
			var stdout bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, write
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if test.code == 143 {
				// The first beat is early, the next ones come from a start that waits.
				j := &job{T: t, stderr: &log{}}
				j.until("a heartbeat", func() bool { return os.Remove(signal) == nil })
				j.until("another heartbeat", func() bool { return os.Remove(signal) == nil })
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			reason, _ := os.ReadFile(message)
			if (len(reason) > 0) != (test.code != 0) {
				t.Errorf("the termination message is %q", reason)
			}
			if test.code == 0 && !strings.Contains(stdout.String(), "flags:\t01\n") { // O_WRONLY alone
				t.Errorf("the job's stderr: %s", &stdout)
			}
			write.Close()
			_, _ = io.Copy(io.Discard, read) // until the refresher has ended, too
		})
	}
}

// What was dropped is counted in the first line that can be written again.
func TestDroppedLinesAreCounted(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	if err := sts.Inject(ststest.Fault{Kind: ststest.Hang, Action: "AssumeRole"}); err != nil {
		t.Fatal(err)
	}
	read, write, n := fullPipe(t)
	signal := filepath.Join(t.TempDir(), "signal")
	_, env := chainedTo(t, sts, "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_VERIFY=true", "CLIENT_ROLE_ANR=a warning", "SIDECAR_SIGNAL_FILE="+signal)
	cmd := entrypoint(t, env)
	cmd.Stderr = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j := &job{T: t, stderr: &log{}, sts: sts}
	j.until("a call", func() bool { return j.calls("AssumeRoleWithWebIdentity") > 0 })
	if _, err := io.ReadFull(read, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	write.Close()
	said, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(string(said), "\n", 2)
	if !strings.HasSuffix(lines[0], " rolechain: warning: 2 messages before this one were dropped, because nobody read them") || len(lines) < 2 || !strings.Contains(lines[1], "stopped by SIGTERM") {
		t.Errorf("said:\n%s", said)
	}
}
