package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rolechain/internal/start"
	"rolechain/internal/ststest"
)

const otherRole = "arn:aws:iam::444455556666:role/other"

// chainOf is an STS with a job role and two client roles. lifetime is in seconds, of the client role's sessions; 0 is an
// hour.
func chainOf(t *testing.T, lifetime int, change ...func(*ststest.Config)) *ststest.Server {
	t.Helper()
	c := ststest.Config{Roles: []ststest.Role{
		{ARN: jobRole, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MayAssume: []string{clientRole, otherRole}},
		{ARN: clientRole, TrustedBy: []string{jobRole}, LifetimeSeconds: lifetime},
		{ARN: otherRole, TrustedBy: []string{jobRole}},
	}}
	for _, change := range change {
		change(&c)
	}
	return ststest.Start(t, ststest.Options{Config: c})
}

// chainedTo is chained with an STS and a token that it takes.
func chainedTo(t *testing.T, sts *ststest.Server, more ...string) (home string, env []string) {
	t.Helper()
	home, env = chained(t, append([]string{"AWS_ENDPOINT_URL_STS=" + sts.URL, "AWS_REGION=eu-west-1"}, more...)...)
	if err := os.WriteFile(filepath.Join(home, "token"), []byte(sts.Token("system:serviceaccount:emr:spark")), 0o600); err != nil {
		t.Fatal(err)
	}
	return home, env
}

// A job is a container whose original entrypoint tells its environment and waits.
type job struct {
	*testing.T
	sts    *ststest.Server
	home   string
	given  []string          // the container's environment
	env    map[string]string // the job's
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *log
}

// A log can be read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.text.Write(b) }
func (l *log) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

// startJob starts a container and returns when its original entrypoint runs.
func startJob(t *testing.T, sts *ststest.Server, more ...string) *job {
	t.Helper()
	home, env := chainedTo(t, sts, more...)
	return startIn(t, sts, home, env)
}

func startIn(t *testing.T, sts *ststest.Server, home string, env []string) *job {
	t.Helper()
	return startAs(t, sts, home, env, 0)
}

// startAs starts a container of another user's; 0 is the test's own.
func startAs(t *testing.T, sts *ststest.Server, home string, env []string, uid uint32) *job {
	t.Helper()
	j := &job{T: t, sts: sts, home: home, given: append(env, "ROLE_CHAIN_ENTRYPOINT=sh"), env: map[string]string{}, stderr: &log{}}
	j.cmd = entrypoint(t, j.given, "-c", `env -0; echo; read line`)
	j.cmd.Stderr = j.stderr
	if uid != 0 {
		j.cmd.SysProcAttr.Credential = credential(uid).Credential
		for _, path := range []string{home, filepath.Join(home, "token")} {
			if err := os.Chown(path, int(uid), int(uid)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Dir(home), 0o755); err != nil { // the test's own directory
			t.Fatal(err)
		}
	}
	stdin, err := j.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := j.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.stdin = stdin
	t.Cleanup(j.end)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the original does not run: %v\n%s", err, j.stderr)
	}
	for _, assignment := range strings.Split(strings.TrimSuffix(line, "\x00\n"), "\x00") {
		name, value, _ := strings.Cut(assignment, "=")
		j.env[name] = value
	}
	for _, name := range []string{"_", "PWD", "SHLVL", "OLDPWD", start.MarkVariable} { // the shell's own, and the mark of every start
		delete(j.env, name)
	}
	return j
}

func credential(uid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
}

func itoa(n int) string { return strconv.Itoa(n) }

// end ends the job, and returns when whatever holds its stderr has ended too.
func (j *job) end() {
	j.Helper()
	if j.stdin == nil {
		return
	}
	j.stdin.Close()
	j.stdin = nil
	if err := j.cmd.Wait(); err != nil && j.cmd.ProcessState.ExitCode() != 1 { // read's own, at the end of its input
		j.Errorf("the job: %v\n%s", err, j.stderr)
	}
}

// refreshers lists the refresher's living processes, supervisor first.
func (j *job) refreshers() (list []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		j.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		argv, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline") // empty for a zombie
		if words := strings.Split(string(argv), "\x00"); len(words) > 4 && words[1] == "refresh" && strings.HasPrefix(words[3], j.home+"/") {
			list = append(list, pid)
		}
	}
	slices.SortFunc(list, func(a, b int) int { return parent(a) - parent(b) })
	if len(list) == 2 && parent(list[0]) == list[1] {
		slices.Reverse(list)
	}
	return list
}

func parent(pid int) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	if fields := strings.Fields(rest); len(fields) > 1 {
		ppid, _ := strconv.Atoi(fields[1])
		return ppid
	}
	return 0
}

// until waits for something that will be so; a test that waits in vain says for what.
func (j *job) until(what string, is func() bool) {
	j.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			j.Fatalf("waited in vain for %s\n%s", what, j.stderr)
		}
	}
}

// rolechain runs a command with env and returns what it prints.
func (j *job) rolechain(env []string, args ...string) (stdout, stderr string, code int) {
	j.Helper()
	cmd := exec.CommandContext(j.Context(), filepath.Join(programs, "rolechain"), args...)
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &complaints
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		j.Fatal(err)
	}
	return out.String(), complaints.String(), cmd.ProcessState.ExitCode()
}

// A key is what the endpoint, or a credential process, hands out.
type key struct {
	Version                                                       int
	AccessKeyId, SecretAccessKey, Token, SessionToken, Expiration string //nolint:revive // the protocols' names
}

// ask asks the endpoint as an SDK does; an error is one of the connection.
func (j *job) ask(path string) (k key, status int, err error) {
	q, err := http.NewRequestWithContext(j.Context(), "GET", strings.TrimSuffix(j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "/credentials")+path, nil)
	if err != nil {
		return k, 0, err
	}
	q.Header.Set("Authorization", j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
	if err != nil {
		return k, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return k, 0, err
	}
	return k, response.StatusCode, json.Unmarshal(body, &k)
}

// process runs the credential process of a profile in the config file, in an empty environment, by its own words.
func (j *job) process(file, section string) key {
	j.Helper()
	data, err := os.ReadFile(j.env[file])
	if err != nil {
		j.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "["+section+"]\n")
	line, _, _ := strings.Cut(rest, "\n")
	command, isProcess := strings.CutPrefix(line, "credential_process = ")
	if !found || !isProcess {
		j.Fatalf("no credential process in [%s]:\n%s", section, data)
	}
	words := strings.Fields(command)
	cmd := exec.CommandContext(j.Context(), words[0], words[1:]...)
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = []string{}, &out, &complaints, "/"
	if err := cmd.Run(); err != nil || complaints.Len() > 0 || strings.Count(out.String(), "\n") != 1 {
		j.Fatalf("%s: %v, %d lines, stderr %q", command, err, strings.Count(out.String(), "\n"), &complaints)
	}
	var k key
	if err := json.Unmarshal(out.Bytes(), &k); err != nil || k.Version != 1 {
		j.Fatalf("%s: %v in %q", command, err, &out)
	}
	return k
}

// wantRole makes sure that STS handed out a key for a role, and that the key has not ended.
func (j *job) wantRole(what, id, role string) ststest.Session {
	j.Helper()
	s, ok := j.sts.Lookup(id)
	if !ok || s.RoleARN != role || !time.Now().Before(s.Expires) {
		j.Errorf("%s: key %q is %+v, want a living one of %s", what, id, s, role)
	}
	return s
}

// calls counts STS calls.
func (j *job) calls(action string) (n int) {
	for _, e := range j.sts.Journal() {
		if e.Action == action {
			n++
		}
	}
	return n
}

// kill ends a process for good, and returns when it is a zombie or gone.
func (j *job) kill(pid int) {
	j.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		j.Fatal(err)
	}
	j.until("a killed process to end", func() bool {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err != nil || len(argv) == 0
	})
}
