package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/ststest"
)

// Under load the worker is killed, again and again, also in the middle of an STS outage. Nobody is refused, nobody gets a
// wrong or an ended session; what a kill cuts off, the client asks again. Of the supervisor's death nobody notices anything,
// but the log and the status tell it.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	uid := uint32(0)
	if os.Geteuid() == 0 {
		uid = 12345 // as in a container: a process that hides from its own user has less in /proc
	}
	j := startAs(t, sts, home, env, uid)
	first, _, err := j.ask("/credentials")
	if err != nil {
		t.Fatal(err)
	}
	base, _, err := j.ask("/base")
	if err != nil {
		t.Fatal(err)
	}
	var answers, cut atomic.Int64
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 8 {
		path, want := "/credentials", first
		if n == 0 {
			path, want = "/base", base
		}
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch k, status, err := j.ask(path); {
				case errors.Is(err, syscall.ECONNREFUSED):
					t.Errorf("refused: %v", err)
				case err != nil:
					cut.Add(1) // it was being answered, or had been accepted, when the worker was killed
				case status != 200 || k != want:
					t.Errorf("%s: %d %+v", path, status, k)
				default:
					answers.Add(1)
				}
			}
		})
	}
	outage := func(n int) {
		if n == 3 {
			sts.Down()
		}
	}
	const kills = 12
	for n := range kills {
		outage(n)
		var pids []int
		j.until("a supervisor and a worker", func() bool { pids = j.refreshers(); return len(pids) == 2 })
		before := answers.Load()
		j.kill(pids[1])
		j.until("answers after the kill", func() bool { return answers.Load() >= before+20 })
	}
	var pids []int
	j.until("a supervisor and a worker", func() bool { pids = j.refreshers(); return len(pids) == 2 })
	j.until("an answer by the last worker", func() bool { k, _, err := j.ask("/credentials"); return err == nil && k == first })
	before, cutBefore := answers.Load(), cut.Load()
	j.kill(pids[0])
	j.until("answers after the supervisor's death", func() bool { return answers.Load() >= before+2000 })
	if n := cut.Load() - cutBefore; n != 0 {
		t.Errorf("the supervisor's death cut off %d requests", n)
	}
	j.until("a word about it", func() bool { return strings.Contains(j.stderr.String(), "the refresher's supervisor died") })
	if stdout, _, code := j.rolechain(j.given, "status"); code != 0 || !strings.Contains(stdout, "\nwarning    the refresher's supervisor died") {
		t.Errorf("status ends with %d:\n%s", code, stdout)
	}
	close(stop)
	clients.Wait()
	// A kill can cut off every client once, on each of its connections: the one that is answered and the ones after it
	// that the dying worker has accepted.
	if cut.Load() > 8*2*kills {
		t.Errorf("%d requests were cut off by %d kills", cut.Load(), kills)
	}
	if web, assumed := j.calls("AssumeRoleWithWebIdentity"), j.calls("AssumeRole"); web != 1 || assumed != 1 {
		t.Errorf("%d and %d STS calls for one session", web, assumed)
	}
	t.Logf("%d answers, %d requests cut off by %d kills", answers.Load(), cut.Load(), kills)
	j.wantRole("credential process", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
}

// Short sessions are replaced while clients ask, through an STS outage, with nothing but 200 and a session that has not
// ended; the token file is read anew each time.
func TestSessionsAreReplaced(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 6)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	seen := map[string]bool{}
	look := func() bool {
		k, status, err := j.ask("/credentials")
		if err != nil || status != 200 {
			t.Fatalf("%d, %v\n%s", status, err, j.stderr)
		}
		if !seen[k.AccessKeyId] {
			seen[k.AccessKeyId] = true
			j.wantRole(fmt.Sprintf("session %d", len(seen)), k.AccessKeyId, clientRole)
		}
		if expires, err := time.Parse(time.RFC3339, k.Expiration); err != nil || !expires.After(time.Now()) {
			t.Fatalf("a session until %s", k.Expiration)
		}
		return t.Failed()
	}
	j.until("three sessions", func() bool { return look() || len(seen) >= 3 })

	// An outage that is seen by a failed try: the session is served on.
	if err := sts.Inject(ststest.Fault{Kind: ststest.ServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	failures := func() int {
		stdout, _, _ := j.rolechain(j.given, "status", "--json")
		_, rest, _ := strings.Cut(stdout, `"failures": `)
		n := 0
		_, _ = fmt.Sscan(rest, &n)
		return n
	}
	n := len(seen)
	j.until("a failure", func() bool { return look() || failures() > 0 })
	sts.ClearFaults()
	j.until("another session", func() bool { return look() || len(seen) > n })
	if j.calls("AssumeRoleWithWebIdentity") > 1 {
		t.Errorf("%d first hops", j.calls("AssumeRoleWithWebIdentity"))
	}
}

// When a session has ended and there is none in its place, requests wait, status says so with its exit code, and all is
// well again with STS.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 2)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	stdout, stderr, code := j.rolechain(j.given, "status")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "\ndelivery   endpoint\nsession    key …") || !strings.HasPrefix(stdout, "role       "+clientRole+"\n") {
		t.Errorf("status ends with %d: %s%s", code, stdout, stderr)
	}
	sts.Down()
	j.until("the end of the session", func() bool { stdout, stderr, code = j.rolechain(j.given, "status"); return code != 0 })
	if code != 75 || !strings.Contains(stderr, "error: there is no session for "+clientRole+": ") || !strings.Contains(stdout, "connection refused") || !strings.Contains(stdout, "error      ") {
		t.Errorf("status ends with %d: %s%s", code, stdout, stderr)
	}
	answer := make(chan key)
	go func() {
		k, status, err := j.ask("/credentials") // waits
		if err != nil || status != 200 {
			t.Errorf("%d, %v", status, err)
		}
		answer <- k
	}()
	if err := sts.Up(); err != nil {
		t.Fatal(err)
	}
	j.wantRole("after the outage", (<-answer).AccessKeyId, clientRole)
	if _, stderr, code = j.rolechain(j.given, "status"); code != 0 {
		t.Errorf("status ends with %d: %s", code, stderr)
	}
	// The job's own environment is as good.
	var own []string
	for name, value := range j.env {
		own = append(own, name+"="+value)
	}
	if _, stderr, code = j.rolechain(own, "status"); code != 0 {
		t.Errorf("in the job's environment status ends with %d: %s", code, stderr)
	}
}

// With the job all of it ends: no process, no zombie of a living parent, no temp file, no pipe held open. Status says that
// nobody answers, and a credential process that outlives the refresher does the chain itself.
func TestEndsWithTheJob(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file"} {
		sts := chainOf(t, 0)
		j := startJob(t, sts, "ROLE_CHAIN_DELIVERY="+delivery)
		pids := j.refreshers()
		if len(pids) != 2 {
			t.Fatalf("%d processes", len(pids))
		}
		var watched []int
		for _, pid := range pids {
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			watched = append(watched, fd)
		}
		j.end() // returns when stderr is closed by everybody
		for _, fd := range watched {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if n, err := unix.Poll(fds, int(limit/time.Millisecond)); n != 1 || err != nil {
				t.Errorf("%s: a process goes on", delivery)
			}
		}
		var files []string
		_ = filepath.WalkDir(j.home, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, strings.TrimPrefix(path, j.home+"/"))
			}
			return err
		})
		want := []string{".aws/config", ".aws/credentials", ".aws/rolechain/endpoint.json", ".aws/rolechain/lock", ".aws/rolechain/token", "token"}
		if delivery == "file" {
			want = slices.DeleteFunc(want, func(f string) bool { return f == ".aws/rolechain/token" })
		}
		if !slices.Equal(files, want) {
			t.Errorf("%s: left are %v", delivery, files)
		}
		if _, stderr, code := j.rolechain(j.given, "status"); code != 69 || !strings.Contains(stderr, "error: the refresher does not answer: ") || !strings.Contains(stderr, "\n  hint: ") {
			t.Errorf("%s: status ends with %d: %s", delivery, code, stderr)
		}
		if delivery == "endpoint" {
			n := len(sts.Journal())
			j.wantRole("process without a refresher", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
			j.wantRole("process without a refresher", j.process("AWS_CONFIG_FILE", "profile job-execution-role").AccessKeyId, jobRole)
			if len(sts.Journal()) != n+3 {
				t.Errorf("%d calls for the chain and its first hop", len(sts.Journal())-n)
			}
		}
	}
}

// The shutdown of a job is a part of it: SIGTERM to the whole group leaves the refresher, which serves until the job's
// process has ended.
func TestRefresherOutlivesSignals(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	pids := j.refreshers()
	for _, pid := range pids {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
		}
	}
	if k, status, err := j.ask("/credentials"); err != nil || status != 200 {
		t.Errorf("%v %d %v", k, status, err)
	}
	if now := j.refreshers(); !slices.Equal(now, pids) {
		t.Errorf("%v became %v", pids, now)
	}
}

// What the job removes of ours is back before long, without a new session: the credentials file, the refresher's directory,
// or all of ~/.aws but the config file.
func TestFilesComeBack(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 0)
			j := startJob(t, sts, "ROLE_CHAIN_DELIVERY="+delivery)
			before := j.files()
			remove := []string{"rolechain"}
			if delivery == "file" {
				remove = append(remove, "credentials")
			}
			for _, name := range remove {
				if err := os.RemoveAll(filepath.Join(j.home, ".aws", name)); err != nil {
					t.Fatal(err)
				}
			}
			j.until("the files", func() bool { return maps.Equal(j.files(), before) })
			if _, stderr, code := j.rolechain(j.given, "status"); code != 0 {
				t.Errorf("status ends with %d: %s", code, stderr)
			}
			if len(sts.Journal()) != 2 {
				t.Errorf("%d calls", len(sts.Journal()))
			}
		})
	}
}

// Two jobs that share a home would find each other's sessions in it. The second one does not start while the first one
// runs, and a credential process of a third pod, which sees the file but not the refresher, refuses.
func TestSharedHome(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	for _, timeout := range []string{"60s", "2s"} { // less than what one that is about to end is given
		var stdout, stderr bytes.Buffer
		second := entrypoint(t, append(without(j.given, "ROLE_CHAIN_ENTRYPOINT"), "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_START_TIMEOUT="+timeout), "the job ran")
		second.Stdout, second.Stderr = &stdout, &stderr
		_ = second.Run()
		if code := second.ProcessState.ExitCode(); code != 73 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "the refresher of another job is at work in") {
			t.Errorf("timeout %s: exit code %d, stdout %q, stderr\n%s", timeout, code, &stdout, &stderr)
		}
	}
	if k, status, err := j.ask("/credentials"); err != nil || status != 200 {
		t.Errorf("the first job: %v %d %v", k, status, err)
	}
	if os.Geteuid() != 0 {
		return
	}
	third := exec.CommandContext(t.Context(), "sh", "-c", `hostname another-pod && exec "$0" credentials "$1" default`, filepath.Join(programs, "rolechain"), filepath.Join(j.home, ".aws", "rolechain"))
	third.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS}
	var stdout, stderr bytes.Buffer
	third.Stdout, third.Stderr = &stdout, &stderr
	_ = third.Run()
	if code := third.ProcessState.ExitCode(); code != 73 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "this one, another-pod, would act as that one's role") {
		t.Errorf("exit code %d, stdout %q, stderr\n%s", code, &stdout, &stderr)
	}
}

// A credential process that gets no session from the refresher says what AWS said, with its code and hint.
func TestProcessTellsTheReason(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 2)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	if err := sts.Inject(ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole"}); err != nil {
		t.Fatal(err)
	}
	j.until("the end of the session", func() bool { _, _, code := j.rolechain(j.given, "status"); return code != 0 })
	stdout, stderr, code := j.rolechain(nil, "credentials", filepath.Join(j.home, ".aws", "rolechain"), "default")
	if code != 77 || stdout != "" || !strings.Contains(stderr, "AccessDenied") || !strings.Contains(stderr, "\n  hint: ") {
		t.Errorf("exit code %d, stdout %q, stderr\n%s", code, stdout, stderr)
	}
}

// A role of ROLE_CHAIN_PROFILES that STS refuses is in the log, with the reason, and in the status, which says besides how the
// client role stands. Nothing is said of one that nobody has asked for.
func TestRefusedProfileIsTold(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0, func(c *ststest.Config) { c.Roles[2].TrustedBy = nil })
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_PROFILES=team-b="+otherRole)
	before, _, _ := j.rolechain(j.given, "status")
	if !strings.Contains(before, "\nprofile    team-b: nobody has asked for it yet\n") || strings.Contains(j.stderr.String(), "AccessDenied") {
		t.Errorf("before anybody asks:\n%s%s", before, j.stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_ = exec.CommandContext(ctx, filepath.Join(programs, "rolechain"), "credentials", filepath.Join(j.home, ".aws", "rolechain"), "team-b").Run()
	}()
	j.until("the reason in the log", func() bool {
		return strings.Contains(j.stderr.String(), "warning: no session yet, trying again: second hop (AssumeRole to "+otherRole+"): AccessDenied: ") &&
			strings.Contains(j.stderr.String(), ` profile="team-b" `)
	})
	cancel()
	<-asked
	after, _, code := j.rolechain(j.given, "status")
	if code != 0 || !strings.Contains(after, "\nprofile    team-b: no session yet; ") || !strings.Contains(after, "failures; second hop (AssumeRole to "+otherRole+"): AccessDenied: ") {
		t.Errorf("status ends with %d:\n%s", code, after)
	}
	asJSON, _, _ := j.rolechain(j.given, "status", "--json")
	var st struct {
		Profiles []struct {
			Profile, Role string
			LastError     string `json:"last_error"`
		}
	}
	if err := json.Unmarshal([]byte(asJSON), &st); err != nil || len(st.Profiles) != 2 || st.Profiles[1].Profile != "team-b" || st.Profiles[1].Role != otherRole || !strings.Contains(st.Profiles[1].LastError, "AccessDenied") {
		t.Errorf("%v in\n%s", err, asJSON)
	}
}

// The credential process announces the end of a session a quarter of an hour early, or a part of the life of a short one, and
// in an outage the true end; the endpoint's own clients get that always.
func TestProcessAnnouncesAnEarlierEnd(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 12)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	early := func(path, section string) (d time.Duration, same bool) {
		k, _, err := j.ask(path)
		if err != nil {
			t.Fatal(err)
		}
		p := j.process("AWS_CONFIG_FILE", section)
		end, err := time.Parse(time.RFC3339, k.Expiration)
		announced, problem := time.Parse(time.RFC3339, p.Expiration)
		if err != nil || problem != nil || !announced.After(time.Now()) {
			t.Errorf("%s: announced %q, true end %q", section, p.Expiration, k.Expiration)
		}
		return end.Sub(announced), k.AccessKeyId == p.AccessKeyId
	}
	if d, same := early("/base", "profile job-execution-role"); !same || d != 15*time.Minute {
		t.Errorf("the hour of the first hop's session is announced to end %v early, same session: %v", d, same)
	}
	j.until("a short session, announced a little early", func() bool {
		d, same := early("/credentials", "default")
		return same && d >= 2*time.Second && d <= 4*time.Second
	})
	sts.Down()
	j.until("the true end in an outage", func() bool {
		d, same := early("/credentials", "default")
		return same && d == 0
	})
}
