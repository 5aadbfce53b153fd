package main_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// In a whole run at debug level, with kills, faults, commands and several sessions, no secret that STS handed out is in
// any log, any file or any command line. The one place is the credentials file of file delivery, which is for that; of
// the pod's own token there is its file.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file", "profile"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			sts := chainOf(t, 3)
			home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_LOG_LEVEL=debug", "ROLE_CHAIN_VERIFY=true", "ROLE_CHAIN_PROFILES=reports="+otherRole, "ROLE_CHAIN_EXTERNAL_ID=confidential-id-1")
			var cmdlines commandLines
			stop := cmdlines.collect()
			j := startIn(t, sts, home, env)
			said := &strings.Builder{}
			run := func(args ...string) {
				stdout, stderr, _ := j.rolechain(j.given, args...)
				said.WriteString(stderr)
				if args[0] != "credentials" {
					said.WriteString(stdout)
				}
			}
			for _, fault := range []ststest.FaultKind{ststest.AccessDenied, ststest.Truncate, ststest.ExpiredToken, ststest.Throttle} {
				if err := sts.Inject(ststest.Fault{Kind: fault, Times: 1}); err != nil {
					t.Fatal(err)
				}
			}
			run("plan", "driver")
			run("check")
			run("status")
			run("status", "--json")
			if delivery != "profile" {
				n := len(sts.Secrets())
				j.until("more sessions", func() bool { return len(sts.Secrets()) > n+4 })
				run("status", "--json")
				j.kill(j.refreshers()[1])
				j.until("another worker", func() bool { return len(j.refreshers()) == 2 })
			}
			if delivery == "endpoint" {
				dir := filepath.Dir(j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
				for _, profile := range []string{"default", "job-execution-role", "reports", "none"} {
					run("credentials", dir, profile)
				}
				for _, path := range []string{"/status", "/nothing"} {
					q, err := http.NewRequest("GET", strings.TrimSuffix(j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "/credentials")+path, nil)
					if err != nil {
						t.Fatal(err)
					}
					q.Header.Set("Authorization", j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
					response, err := http.DefaultClient.Do(q)
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(response.Body)
					response.Body.Close()
					said.Write(body)
				}
			}
			files := j.files()
			j.end()
			stop()
			if len(sts.Secrets()) < 6 {
				t.Fatalf("%d secrets", len(sts.Secrets()))
			}
			places := map[string]string{"stderr": j.stderr.String(), "commands": said.String(), "command lines": cmdlines.String()}
			for path, content := range files {
				if path != "token" && (delivery != "file" || path != ".aws/credentials") {
					places[path] = content
				}
			}
			secrets := append(sts.Secrets(), j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
			for place, content := range places {
				for _, secret := range secrets {
					own := secret == j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] && strings.HasPrefix(place, ".aws/rolechain/")
					if secret != "" && !own && strings.Contains(content, secret) {
						t.Errorf("a secret is in %s", place)
					}
				}
			}
			for _, place := range []string{"stderr", "commands", "command lines"} {
				if strings.Contains(places[place], "confidential-id-1") && place != "commands" { // the plan shows the profile
					t.Errorf("the external id is in %s", place)
				}
			}
			if delivery == "file" && !containsAny(files[".aws/credentials"], sts.Secrets()) {
				t.Error("the search finds no secret where there is one")
			}
		})
	}
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// files are the contents of all that is in the job's home, by path.
func (j *job) files() map[string]string {
	j.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(j.home, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var data []byte
			if data, err = os.ReadFile(path); err == nil || os.IsNotExist(err) {
				files[strings.TrimPrefix(path, j.home+"/")] = string(data)
				return nil
			}
		}
		return err
	})
	if err != nil {
		j.Fatal(err)
	}
	return files
}

// commandLines are those of all processes of the machine, over a while.
type commandLines struct {
	strings.Builder
	seen map[string]bool
}

func (c *commandLines) collect() (stop func()) {
	c.seen = map[string]bool{}
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c.look()
			select {
			case <-end:
				return
			default:
			}
		}
	})
	return func() { close(end); done.Wait() }
}

func (c *commandLines) look() {
	list, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range list {
		data, _ := os.ReadFile(path)
		if line := string(data); !c.seen[line] {
			c.seen[line] = true
			c.WriteString(line + "\n")
		}
	}
}

// Another process of the same user can read neither the refresher's memory nor its environment, and a sidecar without the
// token gets nothing.
func TestRefresherIsClosed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		if os.Getenv(sdktest.RequireTools) == "1" {
			t.Fatalf("SKIPPED: needs root; %s=1 forbids skipping", sdktest.RequireTools)
		}
		t.Skip("SKIPPED: needs root, to become two other users")
	}
	sts := chainOf(t, 0)
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	j := startAs(t, sts, home, env, 12345)
	for _, pid := range j.refreshers() {
		for _, name := range []string{"environ", "mem", "maps", "fd", "auxv"} {
			// Root may. The job's own user may not, although it is the same.
			out, err := asUser(12345, "sh", "-c", `cat "$0"/* 2>/dev/null || cat "$0"`, "/proc/"+itoa(pid)+"/"+name).CombinedOutput()
			if err == nil {
				t.Errorf("process %d lets its user read %s (%d bytes)", pid, name, len(out))
			}
		}
	}
	if out, err := asUser(12345, "cat", filepath.Join(home, ".aws", "rolechain", "token")).Output(); err != nil || string(out) != j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
		t.Errorf("the job's user reads its token: %q, %v", out, err)
	}
	if _, err := asUser(54321, "cat", filepath.Join(home, ".aws", "rolechain", "token")).Output(); err == nil {
		t.Error("another user reads the token")
	}
	for _, token := range []string{"", "x"} {
		j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
		if k, status, _ := j.ask("/credentials"); status != 401 || k != (key{}) {
			t.Errorf("with the token %q: %d %v", token, status, k)
		}
	}
}

func asUser(uid uint32, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = credential(uid)
	return cmd
}
