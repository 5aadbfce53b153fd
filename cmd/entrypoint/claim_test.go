package main_test

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/ststest"
)

// Two containers that share a home and start at the same moment, with STS slow: one runs as its own role, the other ends with
// 73 before it has written or asked anything.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 0)
			if err := sts.Inject(ststest.Fault{Kind: ststest.Slow, DelaySeconds: 0.5, Action: "AssumeRoleWithWebIdentity"}); err != nil {
				t.Fatal(err)
			}
			_, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_ENTRYPOINT=sh")
			roles := [2]string{clientRole, otherRole}
			var codes [2]int
			var said [2]string
			var together sync.WaitGroup
			for i, role := range roles {
				together.Go(func() {
					cmd := entrypoint(t, append([]string{"CLIENT_ROLE_ARN=" + role}, without(env, "CLIENT_ROLE_ARN")...), "-c", `cat "$AWS_CONFIG_FILE"; sleep 15`)
					out, _ := cmd.CombinedOutput()
					codes[i], said[i] = cmd.ProcessState.ExitCode(), string(out)
				})
			}
			together.Wait()
			winner, loser := 0, 1
			if codes[0] != 0 {
				winner, loser = 1, 0
			}
			if codes[winner] != 0 || codes[loser] != 73 || !strings.Contains(said[loser], "the refresher of another job is at work in") {
				t.Fatalf("exit codes %v\n%s\n%s", codes, said[0], said[1])
			}
			if delivery == "file" && !strings.Contains(said[winner], "role_arn = "+roles[winner]+"\n") {
				t.Errorf("the config of %s is\n%s", roles[winner], said[winner])
			}
			for _, e := range sts.Journal() {
				if e.Action == "AssumeRole" && e.Role != roles[winner] {
					t.Errorf("a session of %s", e.Role)
				}
			}
		})
	}
}

// A container that is killed and started again finds its predecessor's files, and in its own environment a variable that
// says the same as they do. It is a start like any other, and whoever listens on the old port gets no token.
func TestLeftoverDiscovery(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	for _, delivery := range []string{"endpoint", "file"} {
		t.Run(delivery, func(t *testing.T) {
			home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery)
			env = append(env, "AWS_CREDENTIAL_PROFILES_FILE="+filepath.Join(home, ".aws", "credentials"))
			j := startIn(t, sts, home, env)
			address := discoveredAddress(t, home)
			before := j.env
			j.kill(j.cmd.Process.Pid)
			j.until("the end of the refresher", func() bool { return len(j.refreshers()) == 0 })
			_ = j.cmd.Wait()
			j.stdin = nil

			var asked atomic.Int64
			stranger := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			stranger.Listener.Close()
			stranger.Listener = l
			stranger.Start()
			defer stranger.Close()
			if _, stderr, code := j.rolechain(j.given, "status"); code != 69 || !strings.Contains(stderr, "have died") {
				t.Errorf("status ends with %d: %s", code, stderr)
			}
			if delivery == "endpoint" {
				j.wantRole("process beside a stranger", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
			}
			again := startIn(t, sts, home, env)
			if len(again.refreshers()) != 2 || again.env["AWS_EC2_METADATA_DISABLED"] != "true" || again.env["AWS_ROLE_ARN"] != "" {
				t.Errorf("the second start passed through: %v", again.env)
			}
			if delivery == "endpoint" && again.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == before["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
				t.Error("the old token is in use")
			}
			if n := asked.Load(); n != 0 {
				t.Errorf("a stranger was asked %d times", n)
			}
			// Another container with that variable is no job of this refresher's.
			other := entrypoint(t, append(without(env, "ROLE_CHAIN_ENTRYPOINT"), "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_START_TIMEOUT=2s"), "the job ran")
			if out, _ := other.CombinedOutput(); other.ProcessState.ExitCode() != 73 || bytes.Contains(out, []byte("the job ran")) {
				t.Errorf("exit code %d\n%s", other.ProcessState.ExitCode(), out)
			}
			// Within the job's own environment it is a job that has a chain, all the same.
			var list []string
			for name, value := range again.env {
				list = append(list, name+"="+value)
			}
			cmd := entrypoint(t, append(without(list, "ROLE_CHAIN_ENTRYPOINT"), "ROLE_CHAIN_ENTRYPOINT=echo"), "passed through")
			if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("has a role chain already")) && !bytes.Contains(out, []byte("with a role chain already")) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func discoveredAddress(t *testing.T, home string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, ".aws", "rolechain", "endpoint.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "http://")
	address, _, _ := strings.Cut(rest, `"`)
	return address
}

// The lock goes with the last of the two processes, however they end, and not before.
func TestLockIsHeld(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	free := func() bool {
		f, err := os.OpenFile(filepath.Join(j.home, ".aws", "rolechain", "lock"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
	}
	pids := j.refreshers()
	j.kill(pids[1])
	if free() {
		t.Error("free after the worker's death")
	}
	j.until("another worker", func() bool { pids = j.refreshers(); return len(pids) == 2 })
	if _, _, err := j.ask("/credentials"); err != nil {
		t.Fatal(err)
	}
	j.kill(pids[0])
	if free() {
		t.Error("free after the supervisor's death")
	}
	j.kill(pids[1])
	j.until("the lock to be free", free)
	if _, stderr, code := j.rolechain(j.given, "status"); code != 69 || !strings.Contains(stderr, "have died") {
		t.Errorf("status ends with %d: %s", code, stderr)
	}
	j.wantRole("process without a refresher", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
}

// Where locks tell nothing of another refresher, as on another node, two that replace each other's files do not go on to do
// so in silence: one says it, in the log and in the status, and leaves the other's alone.
func TestReplacedFiles(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 6)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	path := filepath.Join(j.home, ".aws", "rolechain", "endpoint.json")
	foreign := []byte(`{"url":"http://127.0.0.1:1","token":"another","host":"spark-1","chain":{}}`)
	said := func() bool { return strings.Contains(j.stderr.String(), "were replaced by another pod's, spark-1") }
	j.until("both to have written", func() bool {
		data, err := os.ReadFile(path)
		if err == nil && !slices.Equal(data, foreign) {
			replacement := path + ".new"
			if err := os.WriteFile(replacement, foreign, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(replacement, path); err != nil {
				t.Fatal(err)
			}
		}
		return strings.Count(j.stderr.String(), "were replaced by another pod's, spark-1") >= 2
	})
	if data, err := os.ReadFile(path); err != nil || !slices.Equal(data, foreign) || !said() {
		t.Errorf("%v, %s", err, data)
	}
	// The status is asked by what the job knows: its discovery file is another's.
	q, err := http.NewRequest("GET", strings.TrimSuffix(j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "/credentials")+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil || !strings.Contains(body.String(), "were replaced by another pod's, spark-1") {
		t.Errorf("%v %s", err, &body)
	}
	if _, stderr, code := j.rolechain(j.given, "status"); code != 69 || !strings.Contains(stderr, "are of another pod, spark-1") {
		t.Errorf("status ends with %d: %s", code, stderr)
	}
	if err := os.Remove(path); err != nil { // the other one has ended, and cleaned up
		t.Fatal(err)
	}
	read := func(path string) []byte { data, _ := os.ReadFile(path); return data }
	j.until("the file to be back", func() bool { return !bytes.Contains(read(path), []byte("spark-1")) && len(read(path)) > 0 })
}
