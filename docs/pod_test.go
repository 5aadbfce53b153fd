package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

// The roles of the examples.
const (
	jobRole    = "arn:aws:iam::111111111111:role/job-execution-role-1"
	clientRole = "arn:aws:iam::222222222222:role/client-role-2"
	subject    = "system:serviceaccount:emr:emr-containers-sa-spark-driver-111111111111-abc"
)

// A pod is what a container has when it starts, and the STS that it asks.
type pod struct {
	t     *testing.T
	roles []ststest.Role // the job execution role and the client role
	sts   *ststest.Server
	now   func() time.Time
	front func(action string) string // an answer in place of the STS's, as XML of an error; "" lets it answer
	token []ststest.TokenOption
	proxy string // URL of one
	home  string
	env   map[string]string
}

func newPod(t *testing.T) *pod {
	p := &pod{t: t, now: time.Now, home: filepath.Join(t.TempDir(), "hadoop")}
	p.roles = []ststest.Role{
		{ARN: jobRole, WebIdentity: &ststest.WebIdentity{StringLike: map[string][]string{"sub": {subject}}}, MayAssume: []string{clientRole}},
		{ARN: clientRole, TrustedBy: []string{jobRole}},
	}
	p.env = map[string]string{
		"CLIENT_ROLE_ARN": clientRole, "WEB_IDENTITY_ROLE_ARN": jobRole, "ROLE_CHAIN_DELIVERY": "endpoint",
		"ROLE_CHAIN_ENTRYPOINT": "true", "ROLE_CHAIN_START_TIMEOUT": "3s", // a hop takes longer on a busy machine
		"AWS_ROLE_ARN": jobRole, "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2",
		"AWS_WEB_IDENTITY_TOKEN_FILE": filepath.Join(filepath.Dir(p.home), "token"),
		"HOME":                        p.home, "TMPDIR": filepath.Dir(p.home), "HOSTNAME": "spark-000000035abcdefgh-driver", "PATH": programs + ":" + os.Getenv("PATH"),
	}
	return p
}

// start brings up the STS and the token.
func (p *pod) start() {
	p.t.Helper()
	p.sts = ststest.Start(p.t, ststest.Options{Config: ststest.Config{Roles: p.roles}, Now: p.now})
	p.env["AWS_ENDPOINT_URL_STS"] = p.sts.URL
	if p.front != nil {
		front := httptest.NewServer(http.HandlerFunc(p.serveFront))
		p.t.Cleanup(front.Close)
		p.env["AWS_ENDPOINT_URL_STS"] = front.URL
	}
	err := os.Mkdir(p.home, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(filepath.Dir(p.home), "token"), []byte(p.sts.Token(subject, p.token...)), 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// serveFront answers in the STS's place what the stand-in cannot be brought to say.
func (p *pod) serveFront(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	form, _ := url.ParseQuery(string(body))
	if answer := p.front(form.Get("Action")); answer != "" {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, answer)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Host = strings.TrimPrefix(p.sts.URL, "http://") // what is signed
	p.sts.ServeHTTP(w, r)
}

func stsError(code, message string) string {
	return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>` + message +
		`</Message></Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>`
}

func (p *pod) command(ctx context.Context, words ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	if words[0] == "entrypoint" || words[0] == "rolechain" {
		cmd = exec.CommandContext(ctx, filepath.Join(programs, words[0]), words[1:]...)
	}
	cmd.Dir = p.home
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a program of the pod's to its end, and returns all that it said and its exit code.
func (p *pod) run(words ...string) (string, int) {
	p.t.Helper()
	out, err := p.command(p.t.Context(), words...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), 0
	case errors.As(err, &exit):
		return string(out), exit.ExitCode()
	}
	p.t.Fatal(err)
	return "", 0
}

// unset takes variables out of the pod's environment.
func (p *pod) unset(names ...string) {
	for _, name := range names {
		delete(p.env, name)
	}
}

func (p *pod) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.home, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		p.t.Fatal(fmt.Errorf("writing %s: %w", name, err))
	}
}

// running starts a job that goes on until the test ends, and returns its container's log.
func (p *pod) running() *logged {
	p.t.Helper()
	p.env["ROLE_CHAIN_ENTRYPOINT"], p.env["ROLE_CHAIN_START_TIMEOUT"] = "cat", "60s" // without a start the loop below has no end
	cmd := p.command(p.t.Context(), "entrypoint")
	log := newLogged()
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	for {
		if _, code := p.run("rolechain", "status"); code == 0 {
			return log
		}
	}
}

// logged is what a container has said so far.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
	more chan bool
}

func newLogged() *logged { return &logged{more: make(chan bool, 1)} }

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- true:
	default:
	}
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// waitFor waits for a line with that text, and returns the log.
func waitFor(l *logged, text string) string {
	for !strings.Contains(l.String(), text) {
		<-l.more
	}
	return l.String()
}

// podIdentity makes the first hop one of EKS Pod Identity, with the tags that it puts on each session.
func (p *pod) podIdentity() {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := p.sts.PodIdentity(jobRole, "eks-cluster-spark-1", map[string]string{"kubernetes-namespace": "emr"})
		json.NewEncoder(w).Encode(map[string]string{"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
			"AccountId": "111111111111", "Expiration": c.Expires.UTC().Format(time.RFC3339)})
	}))
	p.t.Cleanup(agent.Close)
	delete(p.env, "WEB_IDENTITY_ROLE_ARN")
	delete(p.env, "AWS_ROLE_ARN")
	p.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = agent.URL
	p.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = p.env["AWS_WEB_IDENTITY_TOKEN_FILE"]
	delete(p.env, "AWS_WEB_IDENTITY_TOKEN_FILE")
}
