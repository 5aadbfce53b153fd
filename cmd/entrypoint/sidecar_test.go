package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/handover"
	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// A sidecar is a container of the pod that has the token, and keeps sessions for the job in the other one.
type sidecar struct {
	*testing.T
	sts    *ststest.Server
	volume string
	env    []string
	cmd    *exec.Cmd
	stderr *log
}

// besideJob returns the sidecar's environment, and that of the job's container: another home, no token, and the volume.
func besideJob(t *testing.T, sts *ststest.Server, more ...string) (s *sidecar, home string, env []string) {
	t.Helper()
	s = &sidecar{T: t, sts: sts, volume: t.TempDir()}
	_, own := chainedTo(t, sts, append([]string{"ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_FILES=" + s.volume}, more...)...)
	s.env = own
	home = t.TempDir()
	return s, home, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "HOSTNAME=spark-0", "AWS_REGION=eu-west-1",
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + home + "/none", "ROLE_CHAIN_SIDECAR=" + s.volume, "AWS_ENDPOINT_URL_STS=" + sts.URL}
}

func (s *sidecar) start() {
	s.Helper()
	s.stderr = &log{}
	s.cmd = exec.Command(filepath.Join(programs, "rolechain"), "sidecar")
	s.cmd.Env, s.cmd.Stderr = s.env, s.stderr
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	cmd, said := s.cmd, s.stderr
	s.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if s.Failed() {
			s.Logf("a sidecar said\n%s", said)
		}
	})
}

// ended waits for the sidecar's end and returns its exit code. Whatever held its stderr has ended as well.
func (s *sidecar) ended() int {
	s.Helper()
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// The job has what endpoint delivery gives it, and nothing by which it could become the job execution role: no token, no
// profile, no path of the endpoint, no chain that a process could do by itself.
func TestSidecar(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	s, home, env := besideJob(t, sts, "ROLE_CHAIN_PROFILES=reports="+otherRole)
	s.start()
	j := startIn(t, sts, home, env)
	run, aws := filepath.Join(s.volume, "rolechain"), filepath.Join(home, ".aws")
	for name, want := range map[string]string{
		"AWS_CONFIG_FILE": aws + "/config", "AWS_SHARED_CREDENTIALS_FILE": aws + "/credentials", "AWS_CREDENTIAL_PROFILES_FILE": aws + "/credentials", "AWS_SDK_LOAD_CONFIG": "1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": run + "/token",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": "",
	} {
		if j.env[name] != want {
			t.Errorf("%s=%s, want %s", name, j.env[name], want)
		}
	}
	k, status, err := j.ask("/credentials")
	if err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	j.wantRole("endpoint", k.AccessKeyId, clientRole)
	if token, err := os.ReadFile(run + "/token"); err != nil || string(token) != j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
		t.Errorf("the token's file: %v", err)
	}
	for _, file := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		section := map[string]string{"AWS_CONFIG_FILE": "profile "}[file] + "reports"
		j.wantRole(file, j.process(file, "default").AccessKeyId, clientRole)
		j.wantRole(file, j.process(file, section).AccessKeyId, otherRole)
		if data, err := os.ReadFile(j.env[file]); err != nil || bytes.Contains(data, []byte("job-execution-role")) {
			t.Errorf("%s: %v\n%s", file, err, data)
		}
	}

	// Nothing in the job's pod leads to the job execution role.
	if _, status, _ := j.ask("/base"); status != 404 {
		t.Errorf("/base answers with %d", status)
	}
	var all []string
	for name, value := range j.env {
		all = append(all, name+"="+value)
	}
	if stdout, stderr, code := j.rolechain(all, "credentials", run, "job-execution-role"); code == 0 {
		t.Errorf("a session of the job execution role:\n%s%s", stdout, stderr)
	}
	token := bytes.TrimSpace(mustRead(t, value(s.env, "AWS_WEB_IDENTITY_TOKEN_FILE")))
	for _, dir := range []string{s.volume, home} {
		filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				if data := mustRead(t, path); bytes.Contains(data, []byte(jobRole)) || bytes.Contains(data, token) || bytes.Contains(data, []byte("web_identity_token_file")) {
					t.Errorf("%s names the first hop:\n%s", path, data)
				}
			}
			return nil
		})
	}
	if stdout, _, code := j.rolechain(all, "status"); code != 0 || !strings.Contains(stdout, "role       "+clientRole) {
		t.Errorf("status in the job's container ends with %d:\n%s", code, stdout)
	}
	if stdout, _, code := j.rolechain(s.env, "status"); code != 0 || !strings.Contains(stdout, "role       "+clientRole) {
		t.Errorf("status in the sidecar ends with %d:\n%s", code, stdout)
	}
	if web := j.calls("AssumeRoleWithWebIdentity"); web != 1 {
		t.Errorf("%d first hops", web)
	}

	// A start within the job changes nothing.
	nested := exec.Command(filepath.Join(programs, "entrypoint"), "-c", "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI")
	nested.Env = all
	if out, err := nested.Output(); err != nil || strings.TrimSpace(string(out)) != j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
		t.Errorf("a start within the job: %v %s", err, out)
	}

	// The job ends as ever; the sidecar goes on, and ends by SIGTERM.
	j.end()
	if _, _, err := j.ask("/credentials"); err != nil {
		t.Errorf("the sidecar has ended with the job: %v", err)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	if code := s.ended(); code != 0 || !strings.Contains(s.stderr.String(), "for the containers with ROLE_CHAIN_SIDECAR="+s.volume) {
		t.Errorf("the sidecar ends with %d:\n%s", code, s.stderr)
	}
}

// The role map is the sidecar's to ask, which has the token.
func TestSidecarRoleMap(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	s, home, env := besideJob(t, sts)
	roleMap := filepath.Join(t.TempDir(), "roles.yaml")
	if err := os.WriteFile(roleMap, []byte("roles:\n  lake:\n    arn: "+otherRole+"\ngrants:\n- namespaces: emr\n  roles: lake\n  default: lake\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(slices.DeleteFunc(s.env, func(v string) bool { return strings.HasPrefix(v, "CLIENT_ROLE_ARN=") }), "ROLE_CHAIN_ROLE_MAP="+roleMap)
	s.start()
	j := startIn(t, sts, home, env)
	k, _, err := j.ask("/credentials")
	if err != nil {
		t.Fatal(err)
	}
	j.wantRole("endpoint", k.AccessKeyId, otherRole)
}

// Real SDKs in the job's container are the client role, and a named role by its profile, and have no profile of the job execution
// role.
func TestSidecarSDKs(t *testing.T) {
	for name, ask := range askers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 0)
			s, home, env := besideJob(t, sts, "ROLE_CHAIN_PROFILES=reports="+otherRole)
			s.start()
			j := startIn(t, sts, home, env)
			var own []string
			for name, value := range j.env {
				own = append(own, name+"="+value)
			}
			keys := strings.Fields(ask(t, own, "-", "reports"))
			if len(keys) != 2 {
				t.Fatalf("%q", keys)
			}
			j.wantRole("default chain", keys[0], clientRole)
			j.wantRole("profile", keys[1], otherRole)
			for _, e := range sts.Journal() {
				if e.Outcome == ststest.Success && e.Role == jobRole && e.Action != "AssumeRoleWithWebIdentity" {
					t.Errorf("somebody is the job execution role: %+v", e)
				}
			}
			if n := j.calls("AssumeRoleWithWebIdentity"); n != 1 {
				t.Errorf("%d first hops, one of which is the sidecar's", n)
			}
			if name == "boto3" {
				cmd := exec.Command(sdktest.Python(t), "-c", `import boto3; boto3.Session(profile_name="job-execution-role")`)
				cmd.Env = own
				if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "ProfileNotFound") {
					t.Errorf("boto3 has the profile job-execution-role: %v\n%s", err, out)
				}
			}
		})
	}
}

// A sidecar that is killed is started again by the kubelet: the job goes on with the address and the token that it has. When
// both processes of its refresher die, the sidecar says so by its end.
func TestSidecarIsStartedAgain(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	s, home, env := besideJob(t, sts)
	// The port of a predecessor, which is held, so that nobody gets it while there is no sidecar.
	if err := (handover.Discovery{URL: "http://" + freePort(t)}).Write(filepath.Join(s.volume, "rolechain")); err != nil {
		t.Fatal(err)
	}
	s.start()
	j := startIn(t, sts, home, env)
	first, _, err := j.ask("/credentials")
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Process.Kill()
	s.ended()
	s.start()
	var again key
	j.until("an answer of the next sidecar", func() bool { again, _, err = j.ask("/credentials"); return err == nil })
	if again.AccessKeyId == first.AccessKeyId {
		t.Error("the same session, from a sidecar that knew nothing of it")
	}
	j.wantRole("the next sidecar", again.AccessKeyId, clientRole)
	j.wantRole("its credential process", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)

	// It answers a moment before it says that it is ready.
	j.until("the end of the next sidecar's start", func() bool { return strings.Contains(s.stderr.String(), "for the containers with ROLE_CHAIN_SIDECAR=") })
	watched := *j
	watched.home = s.volume
	pids := watched.refreshers()
	if len(pids) != 2 {
		t.Fatalf("refreshers %v", pids)
	}
	j.kill(pids[0]) // the supervisor: the worker goes on
	if k, _, err := j.ask("/credentials"); err != nil || k != again {
		t.Errorf("after the supervisor's death: %v", err)
	}
	j.kill(pids[1])
	if code := s.ended(); code != 69 || !strings.Contains(s.stderr.String(), "both processes of the refresher have died") {
		t.Errorf("the sidecar ends with %d:\n%s", code, s.stderr)
	}
	// A credential process waits for the sidecar that comes.
	asked := make(chan key)
	go func() { asked <- j.process("AWS_CONFIG_FILE", "default") }()
	s.start()
	j.wantRole("a process that has waited", (<-asked).AccessKeyId, clientRole)
}

// What keeps the sidecar from a session ends the job's container, with the same code and reason.
func TestSidecarFails(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0, func(c *ststest.Config) { c.Roles[1].TrustedBy = []string{otherRole} })
	s, home, env := besideJob(t, sts)
	cmd := entrypoint(t, append(env, "ROLE_CHAIN_ENTRYPOINT=sh"), "-c", "echo started")
	cmd.Dir = home
	stdout, stderr := &log{}, &log{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil { // before the sidecar: no order is promised
		t.Fatal(err)
	}
	s.start()
	if code := s.ended(); code != 77 {
		t.Errorf("the sidecar ends with %d:\n%s", code, s.stderr)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 77 || stdout.String() != "" || !strings.Contains(stderr.String(), "the sidecar: ") || !strings.Contains(stderr.String(), clientRole) || !strings.Contains(stderr.String(), "hint: ") {
		t.Errorf("the job's container ends with %d:\n%s%s", code, stdout, stderr)
	}

	// The next sidecar forgets it.
	sts = chainOf(t, 0)
	next, home, env := besideJob(t, sts)
	next.volume = s.volume
	next.env = append(next.env, "ROLE_CHAIN_FILES="+s.volume)
	next.env = slices.DeleteFunc(next.env, func(v string) bool {
		return strings.HasPrefix(v, "ROLE_CHAIN_FILES=") && v != "ROLE_CHAIN_FILES="+s.volume
	})
	next.start()
	failure := filepath.Join(s.volume, "rolechain", "failure.json")
	job := &job{T: t, sts: sts, stderr: next.stderr}
	job.until("a clean slate", func() bool { _, err := os.Stat(failure); return os.IsNotExist(err) })
	env = append(slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "ROLE_CHAIN_SIDECAR=") }), "ROLE_CHAIN_SIDECAR="+s.volume)
	startIn(t, sts, home, env)
}

// Each way in which a container cannot be one of the two is told, with what to do.
func TestSidecarRefuses(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	s, home, env := besideJob(t, sts)
	for name, test := range map[string]struct {
		env  []string
		text string
	}{
		"EKS's variables":     {[]string{"AWS_ROLE_ARN=" + jobRole}, "EKS's variables are in its environment"},
		"Pod Identity":        {[]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/t"}, "EKS's variables are in its environment"},
		"the token":           {[]string{"AWS_WEB_IDENTITY_TOKEN_FILE=" + value(s.env, "AWS_WEB_IDENTITY_TOKEN_FILE")}, "the token is in "},
		"file delivery":       {[]string{"ROLE_CHAIN_DELIVERY=file"}, `ROLE_CHAIN_DELIVERY: "file"`},
		"keep":                {[]string{"ROLE_CHAIN_IRSA_ENV=keep"}, "ROLE_CHAIN_IRSA_ENV"},
		"a relative path":     {[]string{"ROLE_CHAIN_SIDECAR=run"}, `ROLE_CHAIN_SIDECAR: "run"`},
		"a path with a blank": {[]string{"ROLE_CHAIN_SIDECAR=/a b"}, "ROLE_CHAIN_SIDECAR"},
	} {
		cmd := entrypoint(t, append(append(slices.Clone(env), "ROLE_CHAIN_ENTRYPOINT=sh"), test.env...), "-c", "echo started")
		cmd.Dir = home
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 78 || !strings.Contains(string(out), test.text) || !strings.Contains(string(out), "hint: ") {
			t.Errorf("%s: %d\n%s", name, code, out)
		}
	}
	for name, test := range map[string]struct{ drop, add, text string }{
		"no directory":   {"ROLE_CHAIN_FILES", "X=", "ROLE_CHAIN_FILES is not set"},
		"no roles":       {"CLIENT_ROLE_ARN", "X=", "CLIENT_ROLE_ARN is not set"},
		"no endpoint":    {"ROLE_CHAIN_DELIVERY", "X=", "ROLE_CHAIN_DELIVERY is profile"},
		"the job's side": {"X", "ROLE_CHAIN_SIDECAR=" + s.volume, "ROLE_CHAIN_SIDECAR is for the containers"},
	} {
		cmd := exec.Command(filepath.Join(programs, "rolechain"), "sidecar")
		for _, v := range s.env {
			if !strings.HasPrefix(v, test.drop+"=") {
				cmd.Env = append(cmd.Env, v)
			}
		}
		cmd.Env = append(cmd.Env, test.add)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 78 || !strings.Contains(string(out), test.text) {
			t.Errorf("%s: %d\n%s", name, code, out)
		}
	}

	// A sidecar that does not come.
	cmd := entrypoint(t, append(env, "ROLE_CHAIN_ENTRYPOINT=sh", "ROLE_CHAIN_START_TIMEOUT=1s"), "-c", "echo started")
	cmd.Dir = home
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 75 || !strings.Contains(string(out), "the sidecar had no session within ROLE_CHAIN_START_TIMEOUT") {
		t.Errorf("%d\n%s", code, out)
	}
}

func value(env []string, name string) string {
	for _, v := range env {
		if n, value, _ := strings.Cut(v, "="); n == name {
			return value
		}
	}
	return ""
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
