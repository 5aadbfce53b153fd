//go:build images

package test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	tiniChild = regexp.MustCompile(`tini \([0-9]+\)`)
	mark      = regexp.MustCompile(`ROLECHAIN_STARTED=[^\x00]*\x00`) // against loops; the job's environment is the same but for it
)

// Without roles, the image does what the image does that it was made from: the original entrypoint, run by itself, is what it
// is compared with.
func TestPassThrough(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"a command", []string{"/bin/bash", "-c", "printf 'no newline'; printf 'a word' >&2; exit 3"}},
		{"arguments as they are", []string{"/bin/bash", "-c", `printf '[%s]' "$0" "$@"`, "a b", "", "*", "--", "-x"}},
		{"the whole environment", []string{"/bin/bash", "-c", "env -0 | sort -z; id; pwd; umask"}},
		{"the standard input", []string{"/bin/cat"}},
		{"processes", []string{"/bin/bash", "-c", `for p in /proc/[0-9]*; do [ -e $p/comm ] && tr '\0' ' ' <$p/cmdline; echo; done`}},
		{"descriptors", []string{"/bin/ls", "/proc/1/fd"}},
		{"a command that is not there", []string{"/nowhere"}},
		{"a command killed by a signal", []string{"/bin/bash", "-c", "kill -KILL $$"}},
		{"spark-submit", []string{"spark-submit", "--version"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Without the address Spark warns, with the time.
			got := run(t, append([]string{"--env", "SPARK_LOCAL_IP=127.0.0.1", image}, c.args...)...)
			want := run(t, append([]string{"--env", "SPARK_LOCAL_IP=127.0.0.1", "--entrypoint", "/opt/rolechain/original", image}, c.args...)...)
			// The threads of a Go program have taken numbers before tini's child gets one.
			got.stdout = mark.ReplaceAllString(got.stdout, "")
			got.stderr, want.stderr = tiniChild.ReplaceAllString(got.stderr, "tini (n)"), tiniChild.ReplaceAllString(want.stderr, "tini (n)")
			got.want(t, want)
			if got.code == 0 && got.stdout == "" && c.args[0] != "/bin/cat" && c.args[0] != "spark-submit" {
				t.Error("there is no output, so nothing has been compared")
			}
		})
	}
}

// The exact output, which does not depend on the original's.
func TestExactOutput(t *testing.T) {
	run(t, image, "/bin/bash", "-c", "printf 'to stdout'; printf 'to stderr' >&2; exit 42").
		want(t, result{"to stdout", "to stderr", 42})
}

// The original, not a wrapper, is process 1. It is a script of the test's here, so that nothing execs after it.
func TestProcessOne(t *testing.T) {
	original := file(t, "original", "#!/bin/bash\necho \"$$: $(tr '\\0' ' ' </proc/1/cmdline)\"\nps -e -o pid= -o comm= >/tmp/list\ngrep -v -w ps /tmp/list\n", 0o755) // in a pipe, ps sees the other end before it is grep
	run(t, "--volume", original+":/opt/rolechain/original:ro", image, "driver", "job.py").
		want(t, result{"1: /bin/bash /opt/rolechain/original driver job.py \n      1 original\n", "", 0})
}

// The engine stops a container as the kubelet does: SIGTERM, and SIGKILL after the grace period. A job that hears the first
// ends with its own code, not with 137.
func TestTermination(t *testing.T) {
	const job = `trap 'echo heard it; exit 7' TERM; echo ready; sleep infinity & wait`
	for _, c := range []struct {
		name string
		args []string
	}{
		{"without roles", []string{image}},
		{"with roles", append(chained(t), image)},
		{"arm64", []string{"--platform", "linux/arm64", imageARM}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := start(t, append(c.args, "/bin/bash", "-c", job)...)
			if got := pod.line(t); got != "ready" {
				t.Fatalf("%q", got)
			}
			call(t, "stop", "-t", "20", pod.name).want(t, result{pod.name + "\n", "", 0})
			got := pod.wait(t)
			if got.stdout != "heard it\n" || got.code != 7 {
				t.Errorf("%q, exit code %d", got.stdout, got.code)
			}
		})
	}
}

// Lines that copied rolechain's entrypoint over the original, which is lost: a start ends, once, and names the cause.
func TestLoop(t *testing.T) {
	lost := filepath.Join(dir(t), "original")
	for _, args := range [][]string{{"create", "--name", "lost", image}, {"cp", "lost:/opt/rolechain/entrypoint", lost}, {"rm", "lost"}} {
		if got := call(t, args...); got.code != 0 {
			t.Fatalf("%q: %+v", args, got)
		}
	}
	for name, options := range map[string][]string{"without roles": nil, "with roles": chained(t)} {
		t.Run(name, func(t *testing.T) {
			got := run(t, append(options, "--volume", lost+":/opt/rolechain/original:ro", image, "/bin/echo", "the job")...)
			if got.code != 78 || got.stdout != "" || strings.Count(got.stderr, "error: ") != 1 || !strings.Contains(got.stderr, "put into the image twice") {
				t.Errorf("exit code %d, stdout %q, stderr:\n%s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

// jwt looks like a token. Nobody has signed it.
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6ZW1yOnNwYXJrIn0.bm9ib2R5"

// chained are the options of a pod with a role chain in profile delivery.
func chained(t *testing.T) []string {
	return []string{
		"--env", "CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client", "--env", "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job",
		"--env", "AWS_REGION=eu-west-1",
		"--volume", file(t, "token", jwt, 0o644) + ":/var/run/secrets/eks.amazonaws.com/serviceaccount/token:ro",
	}
}

// Before the exec the exit codes are rolechain's, with the reason on stderr and in the termination log, and nothing on
// stdout.
func TestExitCodes(t *testing.T) {
	role := []string{"--env", "CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client", "--env", "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job"}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a bad setting", append(chained(t), "--env", "ROLE_CHAIN_DELIVERY=pigeon"), 78, `"pigeon"`},
		{"no token", role, 66, "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"},
		{"no place to write", append(chained(t), "--read-only"), 73, ""},
		{"STS out of reach", append(chained(t), "--env", "ROLE_CHAIN_DELIVERY=endpoint", "--env", "ROLE_CHAIN_START_TIMEOUT=1s"), 75, "STS"},
		{"the original cannot be executed", []string{"--env", "ROLE_CHAIN_ENTRYPOINT=/etc/passwd"}, 126, `"/etc/passwd"`},
		{"no original", []string{"--env", "ROLE_CHAIN_ENTRYPOINT=/nowhere"}, 127, `"/nowhere"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			message := file(t, "termination-log", "", 0o666)
			args := append([]string{"--volume", message + ":/dev/termination-log"}, c.args...)
			got := run(t, append(args, image, "/bin/echo", "the job runs")...)
			if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
			}
			if said := read(t, message); said == "" || !strings.Contains(said, c.want) {
				t.Errorf("termination log %q", said)
			}
		})
	}
}
