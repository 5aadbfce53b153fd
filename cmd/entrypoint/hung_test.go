package main_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"rolechain/internal/hungtest"
)

// A start ends when its time is over, although a file system hangs, and names the file.
func TestHungFileSystem(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"profile", "file", "endpoint"} {
		for _, test := range []struct {
			file string
			code int
		}{{"token", 66}, {"config", 73}, {"credentials", 73}} {
			t.Run(delivery+", "+test.file, func(t *testing.T) {
				t.Parallel()
				sts := chainOf(t, 0)
				home, env := chainedTo(t, sts, "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_START_TIMEOUT=1s",
					"AWS_CONFIG_FILE="+filepath.Join(t.TempDir(), "config"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(t.TempDir(), "credentials"))
				path := filepath.Join(home, "token")
				for _, assignment := range env {
					if name, value, _ := strings.Cut(assignment, "="); strings.HasPrefix(name, "AWS_") && filepath.Base(value) == test.file {
						path = value
					}
				}
				if test.file != "token" {
					write(t, path, "# of somebody\n", 0o600)
				}
				_ = hungtest.InTest(t, nil, filepath.Dir(path))
				cmd := entrypoint(t, env, "the job ran")
				var out, complaints bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &complaints
				_ = cmd.Run()
				if code := cmd.ProcessState.ExitCode(); code != test.code || out.Len() > 0 || !strings.Contains(complaints.String(), `"`+path+`": its file system does not answer`) {
					t.Errorf("exit code %d, stdout %q, stderr\n%s", code, &out, &complaints)
				}
			})
		}
	}
}

// A SIGTERM ends a start that a hung file system holds up.
func TestStoppedOnAHungFileSystem(t *testing.T) {
	t.Parallel()
	home, env := chainedTo(t, chainOf(t, 0), "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_DELIVERY=endpoint")
	config := filepath.Join(home, ".aws", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, config, "# of somebody\n", 0o600)
	held := make(chan struct{}, 100)
	_ = hungtest.InTest(t, func(int) bool { held <- struct{}{}; return true }, filepath.Dir(config))
	cmd := entrypoint(t, env, "the job ran")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-held
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said, _ := bufio.NewReader(stderr).ReadString('\n')
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 || !strings.Contains(said, "stopped by SIGTERM") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// A home directory that hangs for readers stops neither renewals nor answers, and the refresher ends with its job.
func TestRefresherOnAHungHome(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"file", "endpoint"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, chainOf(t, 2), "ROLE_CHAIN_DELIVERY="+delivery)
			ours := j.refreshers()
			var held atomic.Int32
			_ = hungtest.InTest(t, func(pid int) bool {
				is := slices.Contains(ours, pid)
				if is {
					held.Add(1)
				}
				return is
			}, filepath.Join(j.home, ".aws"), filepath.Join(j.home, ".aws", "rolechain"))
			before := j.calls("AssumeRole")
			j.until("five sessions more", func() bool { return j.calls("AssumeRole") > before+5 })
			if delivery == "file" && held.Load() == 0 {
				t.Error("nobody was held up")
			}
			if delivery == "endpoint" {
				k, status, err := j.ask("/credentials")
				if err != nil || status != 200 {
					t.Fatalf("%d, %v", status, err)
				}
				j.wantRole("endpoint", k.AccessKeyId, clientRole)
			}
			j.end()
			j.until("the refresher's end", func() bool { return len(j.refreshers()) == 0 })
		})
	}
}
