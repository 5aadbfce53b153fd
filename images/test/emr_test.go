//go:build images

package test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var hops = map[string][]string{"IRSA": irsa, "PodIdentity": podIdentity}

// asClient is what the job says of itself when all is well.
func asClient(t *testing.T, c *running) {
	t.Helper()
	for _, want := range []string{"^as arn:aws:sts::444455556666:assumed-role/client/", "^read-only$", "^Error: the job's own$", "^ready$"} {
		if got := c.line(t); !regexp.MustCompile(want).MatchString(got) {
			t.Fatalf("%q, want %s", got, want)
		}
	}
}

// A driver, from its start to the end of the pod, beside the log shipper.
func TestDriver(t *testing.T) {
	for hop, variables := range hops {
		for _, delivery := range []string{"profile", "file", "endpoint"} {
			t.Run(hop+"/"+delivery, func(t *testing.T) {
				t.Parallel()
				p := newPod(t, variables)
				driver := start(t, p.driver(t, append(roles(delivery), image, "driver", "--master", "local[1]", "local:///opt/job.py")...)...)
				asClient(t, driver)
				if _, err := os.Stat(filepath.Join(p.volume("/var/log/fluentd"), filepath.Base(driverSignal))); err != nil {
					t.Errorf("no heartbeat: %v", err)
				}
				eventually(t, p.message, "Error: the job's own\n")
				eventually(t, p.log("stdout"), "ready\n")
				summary := "> " + clientRole + " delivery="
				if delivery != "profile" { // which has no refresher
					eventually(t, p.log("stderr"), summary)
				}
				shipped := p.ship(t, "stdout", "stderr")
				if !strings.Contains(shipped["stdout"], "\nready\n") {
					t.Errorf("shipped stdout:\n%s", shipped["stdout"])
				}
				call(t, "stop", "-t", "20", driver.name)
				got := driver.wait(t)
				if got.code != 143 { // a JVM's at SIGTERM; SIGKILL's is 137
					t.Errorf("exit code %d", got.code)
				}
				if delivery != "profile" {
					for where, text := range map[string]string{"the shipped stderr": shipped["stderr"], "the container's": got.stderr} {
						if n := strings.Count(text, summary); n != 1 {
							t.Errorf("%s has the summary %d times:\n%s", where, n, text)
						}
					}
				}
			})
		}
	}
}

// A start that fails says why where EMR looks: in the termination message, and in the log that is shipped, by the job
// execution role. Sidecars get a sign of life.
func TestFailedStart(t *testing.T) {
	for hop, variables := range hops {
		for _, c := range []struct {
			name, setting string
			code          int
			reason        string
		}{
			{"bad setting", "ROLE_CHAIN_DURATION=2h", 78, `"2h"`},
			{"refused", "CLIENT_ROLE_ARN=" + closedRole, 77, closedRole},
		} {
			t.Run(hop+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				p := newPod(t, variables)
				if err := os.WriteFile(p.message, []byte("said before\n"), 0); err != nil {
					t.Fatal(err)
				}
				got := run(t, p.driver(t, slices.Concat(roles("endpoint"), []string{"--env", c.setting, image, "driver", "local:///opt/job.py"})...)...)
				if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.reason) {
					t.Errorf("exit code %d, stdout %q, stderr:\n%s", got.code, got.stdout, got.stderr)
				}
				if said := read(t, p.message); !strings.HasPrefix(said, "said before\n") || !strings.Contains(said, c.reason) {
					t.Errorf("termination message %q", said)
				}
				if _, err := os.Stat(filepath.Join(p.volume("/var/log/fluentd"), filepath.Base(driverSignal))); err != nil {
					t.Errorf("no heartbeat: %v", err)
				}
				shipped := p.ship(t, "stderr")["stderr"]
				if _, reason, _ := strings.Cut(shipped, "error: "); !strings.Contains(reason, c.reason) || strings.Contains(reason, "error: ") {
					t.Errorf("shipped stderr:\n%s", shipped)
				}
			})
		}
	}
}

// While rolechain waits for STS, sidecars see a heartbeat, and from then on EMR's.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	p := newPod(t, irsa)
	p.control(t, "--data", `{"kind": "throttle"}`, "faults")
	watch := file(t, "watch.sh", read(t, "testdata/watch.sh"), 0o755)
	const first, stale = "60", "15" // those in AWS's sample
	sidecar := start(t, p.container(mounts[:len(mounts)-1], "--volume", watch+":/watch.sh:ro", "--entrypoint", "/watch.sh", image, driverSignal, first, stale)...)
	driver := start(t, p.driver(t, append(roles("endpoint"), image, "/bin/bash", "-c", "echo the job runs; sleep infinity")...)...)
	beats := func(n int) {
		t.Helper()
		for range n {
			if got := sidecar.line(t); got != "beat" {
				t.Fatalf("the sidecar says %q", got)
			}
		}
	}
	beats(8)
	p.control(t, "--request", "DELETE", "faults")
	if got := driver.line(t); got != "the job runs" {
		t.Fatalf("%q", got)
	}
	beats(8)
	call(t, "kill", driver.name)
	driver.wait(t)
	if got := sidecar.wait(t); got.code != 0 || !strings.HasSuffix(got.stdout, "over\n") {
		t.Errorf("the sidecar: %+v", got)
	}
}

// An executor has its heartbeat and its termination message elsewhere.
func TestExecutor(t *testing.T) {
	t.Parallel()
	p := newPod(t, podIdentity)
	executor := start(t, p.executor(t, append(roles("endpoint"), image, "executor")...)...)
	asClient(t, executor)
	if _, err := os.Stat(filepath.Join(p.volume("/tmp"), filepath.Base(executorSignal))); err != nil {
		t.Errorf("no heartbeat: %v", err)
	}
	eventually(t, p.log("stdout"), "ready\n")
	p.ship(t, "stdout", "stderr")
	call(t, "stop", "-t", "20", executor.name)
	if got := executor.wait(t); got.code != 143 {
		t.Errorf("exit code %d", got.code)
	}

	got := run(t, p.executor(t, slices.Concat(roles("endpoint"), []string{"--env", "CLIENT_ROLE_ARN=" + closedRole, image, "executor"})...)...)
	if said := read(t, p.message); got.code != 77 || !strings.Contains(said, closedRole) {
		t.Errorf("exit code %d, termination message %q", got.code, said)
	}
}

// EMR's own pod that submits the job runs as the job execution role, whatever the image has in its ENV.
func TestJobRunner(t *testing.T) {
	t.Parallel()
	p := newPod(t, irsa)
	// What EMR's entrypoint has not copied by the end of the job is lost with the container.
	submit := file(t, "spark-submit", `#!/bin/bash
env | grep -E '^AWS_(ROLE|CONFIG|CONTAINER|SHARED)' | sort; ls -A ~; echo "$@"
timeout 30 bash -c 'until grep -q cluster "$K8S_SPARK_LOG_URL_STDOUT"; do :; done'
`, 0o755)
	got := run(t, p.container(mounts, slices.Concat([]string{
		"--env", "SIDECAR_SIGNAL_FILE=" + driverSignal, "--volume", submit + ":/usr/lib/spark/bin/spark-submit:ro",
	}, roles("endpoint"), []string{image, "job", "--deploy-mode", "cluster"})...)...)
	if want := "AWS_ROLE_ARN=" + jobRole + "\n--deploy-mode cluster\n"; got.code != 0 || got.stdout != want {
		t.Errorf("exit code %d, %q, want %q\n%s", got.code, got.stdout, want, got.stderr)
	}
}

// A validation script that fails ends EMR's entrypoint, and its words are the termination message.
func TestValidationScript(t *testing.T) {
	t.Parallel()
	p := newPod(t, irsa)
	script := file(t, "validate.py", "import sys; sys.exit('the job is not valid')\n", 0o644)
	got := run(t, p.driver(t, slices.Concat(roles("profile"), []string{
		"--env", "VALIDATION_SCRIPT_PATH=/validate.py", "--volume", script + ":/validate.py:ro", image, "driver", "local:///opt/job.py",
	})...)...)
	if said := read(t, p.message); got.code != 1 || said != "the job is not valid\n" {
		t.Errorf("exit code %d, termination message %q\n%s", got.code, said, got.stderr)
	}
}
