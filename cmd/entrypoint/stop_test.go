package main_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// with starts the entrypoint beside another program in rolechain's place.
func with(t *testing.T, program string, env ...string) (code int, stdout, stderr string, took time.Duration) {
	t.Helper()
	_, env = chained(t, append([]string{"ROLE_CHAIN_ENTRYPOINT=echo"}, env...)...)
	cmd := entrypoint(t, env, "the job ran")
	cmd.Path = alone(t, cmd.Path)
	write(t, filepath.Join(filepath.Dir(cmd.Path), "rolechain"), "#!/bin/sh\n"+program, 0o755)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	began := time.Now()
	_ = cmd.Run() // returns when nobody holds the pipes any more
	return cmd.ProcessState.ExitCode(), out.String(), complaints.String(), time.Since(began)
}

// A SIGTERM that comes when the first session is there already, and the job is not, ends the start: nothing is lost up to
// the exec. The start is stopped meanwhile, so that it finds both at once; which it sees first is chance, so it is tried often.
func TestStoppedInTheLastMoment(t *testing.T) {
	t.Parallel()
	// kill returns before the threads have stopped, and each that runs on meanwhile could reach the exec.
	const stop = `
kill -STOP $PPID
while grep -L '^State:.T' /proc/$PPID/task/*/status | grep -q .; do :; done
`
	for _, test := range []struct{ name, setting, program string }{
		{"refresher", "ROLE_CHAIN_DELIVERY=endpoint", stop + `
for fd in 3 4 5 6; do
	test -p /proc/self/fd/$fd && echo '{"ready":{}}' >&$fd
done
kill -TERM $PPID
kill -CONT $PPID
exit 0
`},
		{"check", "ROLE_CHAIN_VERIFY=true", stop + "(kill -TERM $PPID; kill -CONT $PPID) &\nexit 0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				code, stdout, stderr, _ := with(t, test.program, test.setting)
				if code != 143 && code != -1 || stdout != "" || code == 143 && !strings.Contains(stderr, "error: stopped by SIGTERM") {
					t.Fatalf("exit code %d, stdout %q, stderr\n%s", code, stdout, stderr)
				}
			}
		})
	}
}

// ROLE_CHAIN_START_TIMEOUT is all the time that a start takes, also when the program that is to keep it hangs.
func TestHungProgram(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_DELIVERY=file", "ROLE_CHAIN_VERIFY=true"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr, took := with(t, "exec sleep 3600\n", setting, "ROLE_CHAIN_START_TIMEOUT=1s")
			if code != 75 || stdout != "" || !strings.Contains(stderr, "did not end within ROLE_CHAIN_START_TIMEOUT\n  hint: ") {
				t.Errorf("exit code %d, stdout %q, stderr\n%s", code, stdout, stderr)
			}
			// It was given ten seconds more once, so that there is room for a slow machine.
			if took >= 11*time.Second {
				t.Errorf("it took %v", took)
			}
			t.Logf("it took %v", took)
		})
	}
}
