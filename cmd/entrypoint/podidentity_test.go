package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rolechain/internal/ststest"
)

// A podAgent stands in for EKS Pod Identity's: sessions of the job role for one authorization token at a time.
type podAgent struct {
	sts *ststest.Server

	mu    sync.Mutex
	token string
	asked map[string]int // by token
}

func (a *podAgent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	token := r.Header.Get("Authorization")
	a.asked[token]++
	if r.URL.Path != "/v1/credentials" || token != a.token {
		http.Error(w, "[b6f7c1f2]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client", http.StatusBadRequest)
		return
	}
	c := a.sts.PodIdentity(jobRole, "eks-cluster-spark", map[string]string{"eks-cluster-name": "emr", "kubernetes-namespace": "emr"})
	_ = json.NewEncoder(w).Encode(map[string]any{"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken, "AccountId": "111122223333", "Expiration": c.Expires})
}

// withAgent is a pod with Pod Identity. In account and trust policies sts:TagSession is allowed when tags is true.
func withAgent(t *testing.T, lifetime int, tags bool, more ...string) (sts *ststest.Server, agent *podAgent, home string, env []string) {
	t.Helper()
	sts = chainOf(t, lifetime, func(c *ststest.Config) {
		c.Roles[0].LifetimeSeconds = lifetime
		if tags {
			c.Roles[0].MayAlso, c.Roles[1].TrustAlso, c.Roles[2].TrustAlso = []string{"sts:TagSession"}, []string{"sts:TagSession"}, []string{"sts:TagSession"}
		}
	})
	agent = &podAgent{sts: sts, token: "the-first-authorization-token", asked: map[string]int{}}
	server := httptest.NewServer(agent)
	t.Cleanup(server.Close)
	home, env = chained(t, append([]string{"AWS_ENDPOINT_URL_STS=" + sts.URL, "AWS_REGION=eu-west-1",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + server.URL + "/v1/credentials"}, more...)...)
	env = append(without(without(env, "AWS_ROLE_ARN"), "AWS_WEB_IDENTITY_TOKEN_FILE"), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+filepath.Join(home, "token"))
	write(t, filepath.Join(home, "token"), agent.token, 0o600)
	return sts, agent, home, env
}

// The endpoint leads to the client role and to the pod's own, each by one session; the agent's token is read anew.
func TestPodIdentityEndpoint(t *testing.T) {
	t.Parallel()
	sts, agent, home, env := withAgent(t, 3, true, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_PROFILES=reports="+otherRole)
	j := startIn(t, sts, home, env)
	if j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] != filepath.Join(home, ".aws", "rolechain", "token") || strings.Contains(j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "/v1/") {
		t.Errorf("the job's variables lead to the agent: %v", j.env)
	}
	seen := map[string]bool{}
	look := func() bool {
		k, status, err := j.ask("/credentials")
		if err != nil || status != 200 {
			t.Fatalf("%d, %v\n%s", status, err, j.stderr)
		}
		if !seen[k.AccessKeyId] {
			seen[k.AccessKeyId] = true
			if s := j.wantRole("endpoint", k.AccessKeyId, clientRole); s.Tags["kubernetes-namespace"] != "emr" {
				t.Errorf("%+v", s)
			}
		}
		return t.Failed()
	}
	look()
	j.wantRole("base profile", j.process("AWS_CONFIG_FILE", "profile job-execution-role").AccessKeyId, jobRole)
	j.wantRole("base profile", j.process("AWS_SHARED_CREDENTIALS_FILE", "job-execution-role").AccessKeyId, jobRole)
	j.wantRole("named profile", j.process("AWS_CONFIG_FILE", "profile reports").AccessKeyId, otherRole)

	agent.mu.Lock()
	agent.token = "another-authorization-token"
	agent.mu.Unlock()
	write(t, filepath.Join(home, "token"), "another-authorization-token", 0o600)
	n := len(seen)
	j.until("sessions by the new token", func() bool {
		agent.mu.Lock()
		defer agent.mu.Unlock()
		return agent.asked[agent.token] > 1
	})
	j.until("another session", func() bool { return look() || len(seen) > n })
}

// The file holds the client role's keys; SDKs that chain go through the agent, whose variables the job keeps.
func TestPodIdentityFile(t *testing.T) {
	t.Parallel()
	sts, agent, home, env := withAgent(t, 0, true, "ROLE_CHAIN_DELIVERY=file")
	j := startIn(t, sts, home, env)
	data, err := os.ReadFile(filepath.Join(home, ".aws", "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	j.wantRole("file", strings.Fields(string(data))[3], clientRole)
	config, err := os.ReadFile(filepath.Join(home, ".aws", "config"))
	if err != nil || !strings.Contains(string(config), "[default]\nrole_arn = "+clientRole+"\ncredential_source = EcsContainer\n") {
		t.Errorf("%s %v", config, err)
	}
	if !strings.HasSuffix(j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "/v1/credentials") || j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] != filepath.Join(home, "token") {
		t.Errorf("%v", j.env)
	}
	if agent.asked[agent.token] != 1 {
		t.Errorf("the agent was asked %v", agent.asked)
	}
}

// A start that the agent or the second hop refuses ends with the reason; that tags come with Pod Identity is said.
func TestPodIdentityRefused(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file", "profile"} {
		for _, test := range []struct {
			name, token, stderr, hint string
			code                      int
		}{
			{"TagSession", "the-first-authorization-token", "second hop (AssumeRole to " + clientRole + "): AccessDenied: ", "must allow sts:TagSession", 77},
			{"the agent", "a-stranger's-token", "first hop (Pod Identity): AccessDeniedException: ", "pods.eks.amazonaws.com", 77},
			{"no token", "", "is empty", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", 66},
		} {
			t.Run(test.name+"/"+delivery, func(t *testing.T) {
				t.Parallel()
				_, _, home, env := withAgent(t, 0, false, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_VERIFY=true", "ROLE_CHAIN_ENTRYPOINT=echo")
				write(t, filepath.Join(home, "token"), test.token, 0o600)
				cmd := entrypoint(t, env, "the job ran")
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				_ = cmd.Run()
				_, hint, _ := strings.Cut(stderr.String(), "error: ")
				if code := cmd.ProcessState.ExitCode(); code != test.code || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.stderr) || !strings.Contains(hint, test.hint) {
					t.Errorf("exit code %d, stdout %q, stderr\n%s", code, &stdout, &stderr)
				}
			})
		}
	}
}
