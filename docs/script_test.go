package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/sdktest"
)

// What README.md says of AWS's custom-entrypoint.sh. Each test shows one claim on testdata/script.sh, which has the script's
// skeleton, and that rolechain does otherwise. AWS_SCRIPT=FILE shows it on the published script itself.

const scriptSecret = "wJalrXUtnFEMIofTheFirstHop"

// A container runs the script or rolechain around a job that says when it has begun and ends with the code that it reads.
type container struct {
	*pod
	script   string // "" is rolechain
	stsFails bool
	log      string // path
	cmd      *exec.Cmd
	stdin    *os.File
	ended    chan bool
}

// containers returns one with the script and one with rolechain.
func containers(t *testing.T, stsFails bool) (script, ours *container) {
	p := newPod(t)
	if stsFails {
		p.roles[0].WebIdentity.StringLike = map[string][]string{"sub": {"system:serviceaccount:other:*"}}
	}
	p.start()
	job := filepath.Join(p.home, "job")
	p.write("job", "#!/bin/bash\ntrap 'echo the job got SIGTERM; exit 7' TERM\necho job started\nread code\nexit $code\n")
	p.write("bin/aws", "#!/bin/sh\n[ \"$STS_FAILS\" ] && exit 254\necho ASIAEXAMPLE "+scriptSecret+" token 2026-01-01T00:00:00Z\n")
	for _, name := range []string{"job", "bin/aws"} {
		if err := os.Chmod(filepath.Join(p.home, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.env["ROLE_CHAIN_ENTRYPOINT"], p.env["ORIGINAL"], p.env["ROLE_CHAIN_START_TIMEOUT"] = job, job, "60s"
	// The script's own variables are all that rolechain gets as well, as migrating.md says.
	p.unset("CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN", "AWS_REGION", "AWS_DEFAULT_REGION")
	p.env["ROLE_1_ARN"], p.env["ROLE_2_ARN"], p.env["REGION"] = jobRole, clientRole, "us-west-2"
	p.env["PATH"] = filepath.Join(p.home, "bin") + ":" + p.env["PATH"]
	text, err := os.ReadFile("testdata/script.sh")
	if published := os.Getenv("AWS_SCRIPT"); published != "" {
		text, err = os.ReadFile(published)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.write("script.sh", strings.NewReplacer("/usr/bin/entrypoint.sh", job, "/tmp/", p.home+"/",
		"/var/run/secrets/eks.amazonaws.com/serviceaccount/token", p.env["AWS_WEB_IDENTITY_TOKEN_FILE"]).Replace(string(text)))
	if stsFails {
		p.env["STS_FAILS"] = "1"
	}
	return &container{pod: p, script: filepath.Join(p.home, "script.sh"), stsFails: stsFails}, &container{pod: p, stsFails: stsFails}
}

// begin starts the container, as process 1 where that is asked for, and reports whether the job has begun. The script's loop
// has then done its first round: it sleeps, or it has ended.
func (c *container) begin(pid1 bool) bool {
	c.t.Helper()
	words := []string{"entrypoint", "driver"}
	if c.script != "" {
		words = []string{"bash", c.script, "driver"}
	}
	c.cmd = c.command(c.t.Context(), words...)
	log, err := os.CreateTemp(c.t.TempDir(), "log") // a pipe would stay open for as long as the script's sleep
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	read, write, err := os.Pipe()
	if err != nil {
		c.t.Fatal(err)
	}
	defer read.Close()
	c.log, c.stdin = log.Name(), write
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = read, log, log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if pid1 {
		c.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	}
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.ended = make(chan bool)
	go func() {
		c.cmd.Wait()
		close(c.ended)
	}()
	c.t.Cleanup(func() {
		syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // the sleep outlives the script
		write.Close()
		<-c.ended
	})
	for {
		select {
		case <-c.ended:
			return false
		default:
		}
		began := strings.Contains(c.said(), "\njob started") || strings.HasPrefix(c.said(), "job started")
		switch {
		case began && c.script == "":
			return true
		case began && c.stsFails && c.members() == 2: // the script and the job
			return true
		case began && !c.stsFails && strings.Contains(c.said(), "sleep 2880"):
			return true
		}
	}
}

// end lets the job end with that code, and returns the container's.
func (c *container) end(code int) int {
	fmt.Fprintln(c.stdin, code)
	<-c.ended
	return c.cmd.ProcessState.ExitCode()
}

func (c *container) said() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// members counts the processes of the container's group that have not ended.
func (c *container) members() int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	n := 0
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil { // it has ended meanwhile
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // state, parent, group
		if fields[2] == fmt.Sprint(c.cmd.Process.Pid) && fields[0] != "Z" {
			n++
		}
	}
	return n
}

// `set -x` prints the service account's token and the first hop's keys.
func TestScriptPrintsSecrets(t *testing.T) {
	script, ours := containers(t, false)
	token, err := os.ReadFile(script.env["AWS_WEB_IDENTITY_TOKEN_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	script.begin(false)
	script.end(0)
	if said := script.said(); !strings.Contains(said, string(token)) || !strings.Contains(said, scriptSecret) {
		t.Errorf("the script printed no token, or no key:\n%s", said)
	}
	if !ours.begin(false) {
		t.Fatalf("no start:\n%s", ours.said())
	}
	ours.end(0)
	if said := ours.said(); strings.Contains(said, string(token)) || !strings.Contains(said, "first session") {
		t.Errorf("rolechain printed the token, or has no session:\n%s", said)
	}
}

// With SIGTERM the script ends at once, and Spark with it, by SIGKILL.
func TestScriptKeepsSIGTERM(t *testing.T) {
	if os.Geteuid() != 0 {
		sdktest.Missing(t, "root, for a PID namespace in which the script is process 1")
	}
	script, ours := containers(t, false)
	for _, c := range []*container{script, ours} {
		if !c.begin(true) {
			t.Fatalf("no start:\n%s", c.said())
		}
		c.cmd.Process.Signal(syscall.SIGTERM)
		code := c.end(3)
		got := strings.Contains(c.said(), "the job got SIGTERM")
		if c.script != "" && (got || code != 143) { // process 1 ends, and the kernel kills the rest
			t.Errorf("the script: SIGTERM reached the job: %v, exit code %d", got, code)
		} else if c.script == "" && (!got || code != 7) {
			t.Errorf("rolechain: SIGTERM reached the job: %v, exit code %d", got, code)
		}
	}
}

// Once the loop has ended, the trap that kills it fails, and the container ends with 1 whatever the job ended with.
func TestScriptChangesExitCode(t *testing.T) {
	for _, code := range []int{0, 3} {
		script, _ := containers(t, true)
		script.begin(false)
		if got := script.end(code); got != 1 {
			t.Errorf("the script ended with %d, the job with %d", got, code)
		}
		_, ours := containers(t, false)
		if !ours.begin(false) {
			t.Fatalf("no start:\n%s", ours.said())
		}
		ours.sts.Down()
		if got := ours.end(code); got != code {
			t.Errorf("rolechain ended with %d, the job with %d", got, code)
		}
	}
}

// The job begins although there are no credentials, and nothing asks again.
func TestScriptStopsAtFirstError(t *testing.T) {
	script, ours := containers(t, true)
	if !script.begin(false) {
		t.Errorf("the script started no job:\n%s", script.said())
	}
	script.end(0)
	if ours.begin(false) {
		t.Errorf("rolechain started a job:\n%s", ours.said())
	}
	if code, said := ours.cmd.ProcessState.ExitCode(), ours.said(); code != 77 || !strings.Contains(said, "first hop") {
		t.Errorf("rolechain: exit code %d\n%s", code, said)
	}
}
