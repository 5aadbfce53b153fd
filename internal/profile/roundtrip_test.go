package profile_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"rolechain/internal/profile"
	"rolechain/internal/sdktest"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const (
	client = "arn:aws:iam::444455556666:role/client-role"
	job    = "arn:aws:iam::111122223333:role/job-execution-role"
	middle = "arn:aws:iam::777788889999:role/middle"
	other  = "arn:aws:iam::444455556666:role/other"
	pod    = "system:serviceaccount:emr:spark"
)

// An sdk gives the access key id that its default chain finds in env, or with a profile's name the one of that profile.
type sdk struct {
	name   string
	keyID  func(t *testing.T, env []string, profile string) string
	irsaIs string // whose key it finds while EKS's variables are there too
}

func sdks() []sdk {
	return []sdk{
		{"go", goKeyID, job}, // it looks at the variables before the file
		{"boto3", func(t *testing.T, env []string, profile string) string {
			return run(t, env, sdktest.Python(t), "-c", `
import sys, boto3
session = boto3.Session(profile_name=sys.argv[1] or None)
session.client("sts", region_name="eu-west-1").get_caller_identity()
print(session.get_credentials().access_key, end="")`, profile)
		}, client},
		{"js", func(t *testing.T, env []string, profile string) string {
			node, dir := sdktest.Node(t)
			t.Chdir(dir)
			return run(t, env, node, "-e", `
const { fromNodeProviderChain } = require("@aws-sdk/credential-providers");
const profile = process.argv[1] || undefined;
fromNodeProviderChain({ profile, clientConfig: { region: "eu-west-1" } })().then(
  (keys) => process.stdout.write(keys.accessKeyId), (e) => { console.error(e); process.exit(1); });`, profile)
		}, client},
	}
}

// goKeyID runs this test binary again, since the SDK reads the process's own environment.
func goKeyID(t *testing.T, env []string, profile string) string {
	return run(t, append(env, "ROUNDTRIP_PROFILE="+profile), os.Args[0], "-test.run=^TestGoChild$")
}

func TestGoChild(t *testing.T) {
	name, child := os.LookupEnv("ROUNDTRIP_PROFILE")
	if !child {
		return // only a part of TestRoundTrip
	}
	var options []func(*config.LoadOptions) error
	if name != "" {
		options = append(options, config.WithSharedConfigProfile(name))
	}
	cfg, err := config.LoadDefaultConfig(context.Background(), options...)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cfg.Credentials.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString(keys.AccessKeyID)
	os.Exit(0)
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = env
	out, err := c.Output()
	if err != nil {
		var stderr []byte
		if e, ok := err.(*exec.ExitError); ok {
			stderr = e.Stderr
		}
		t.Fatalf("%v\n%s%s", err, out, stderr)
	}
	return string(out)
}

// TestRoundTrip lets real SDKs act on what is written, against an STS that checks everything: whose key does each of
// them end up with?
func TestRoundTrip(t *testing.T) {
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: job, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {pod}}}, MayAssume: []string{client, other, middle}},
		{ARN: client, TrustedBy: []string{job, middle}, ExternalID: "id-1"},
		{ARN: other, TrustedBy: []string{job, middle}},
		{ARN: middle, TrustedBy: []string{job}, MayAssume: []string{client, other}},
	}}})
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(server.Token(pod)), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := settings.Settings{
		ClientRole: client, FirstHop: settings.WebIdentity, BaseRole: job, TokenFile: token, Region: "eu-west-1",
		BaseProfile: "job-execution-role", Duration: time.Hour, Options: settings.Options{ExternalID: "id-1"},
		Profiles: []settings.NamedRole{{Name: "other", Role: other}},
	}
	through := asked
	through.Via = []settings.Hop{{Role: middle}}
	for _, test := range []struct {
		name                string
		s                   settings.Settings
		config, credentials string
	}{
		{"fresh", asked, "", ""},
		{"via", through, "", ""},
		{"twins, CRLF, a byte order mark", asked, "\ufeff[profile default]\r\nregion = us-east-1\r\n[default]\r\ncredential_process = /bin/false\r\n", ""},
		{"an image with keys of its own", asked, "[default]\noutput = json\naws_access_key_id = AKIAIMAGE\naws_secret_access_key = x\n",
			"[default]\naws_access_key_id = AKIAIMAGE\naws_secret_access_key = x\n[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = x\n"},
		{"nested blocks and duplicates", asked, "[default]\n  region = us-east-1\n  s3 =\n    max_concurrent_requests = 5\n[profile x]\na = b\n[profile x]\na = c\n", ""},
	} {
		for _, sdk := range sdks() {
			t.Run(test.name+"/"+sdk.name, func(t *testing.T) {
				merged, _, err := profile.Merge([]byte(test.config), profile.Chain(test.s, "pod-1"))
				if err != nil {
					t.Fatal(err)
				}
				home := t.TempDir()
				for name, content := range map[string]string{"config": string(merged), "credentials": test.credentials} {
					if content != "" {
						write(t, filepath.Join(home, ".aws", name), content)
					}
				}
				env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_STS=" + server.URL}
				irsa := append([]string{"AWS_ROLE_ARN=" + job, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token}, env...)
				for _, question := range []struct {
					env           []string
					profile, want string
				}{{env, "", client}, {env, "job-execution-role", job}, {env, "other", other}, {irsa, "", sdk.irsaIs}} {
					keyID := sdk.keyID(t, question.env, question.profile)
					session, found := server.Lookup(keyID)
					if !found || session.RoleARN != question.want || session.Name != "pod-1" && len(question.env) == len(env) {
						t.Errorf("profile %q: key %q is %+v, want %s", question.profile, keyID, session, question.want)
					}
				}
			})
		}
	}
	asHour(t, server)
}

// TestPodIdentity does the same with EKS Pod Identity's agent as the first hop: a loopback endpoint that wants the
// pod's own token, and a session with transitive tags, for which both roles need sts:TagSession.
func TestPodIdentity(t *testing.T) {
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: job, MayAssume: []string{client}, MayAlso: []string{"sts:TagSession"}},
		{ARN: client, TrustedBy: []string{job}, TrustAlso: []string{"sts:TagSession"}},
	}}})
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "pod-token" {
			http.Error(w, `{"message": "not your pod"}`, http.StatusForbidden)
			return
		}
		keys := server.PodIdentity(job, "eks-cluster-pod", map[string]string{"kubernetes-namespace": "emr"})
		json.NewEncoder(w).Encode(map[string]string{"AccessKeyId": keys.AccessKeyID, "SecretAccessKey": keys.SecretAccessKey,
			"Token": keys.SessionToken, "Expiration": keys.Expires.UTC().Format(time.RFC3339)})
	}))
	t.Cleanup(agent.Close)
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, "pod-token")
	merged, _, err := profile.Merge(nil, profile.Chain(settings.Settings{ClientRole: client, FirstHop: settings.PodIdentity, Region: "eu-west-1", Duration: time.Hour}, "pod-1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sdk := range sdks() {
		t.Run(sdk.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, filepath.Join(home, ".aws", "config"), string(merged))
			keyID := sdk.keyID(t, []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_STS=" + server.URL,
				"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + agent.URL + "/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + token}, "")
			if session, found := server.Lookup(keyID); !found || session.RoleARN != client || session.Name != "pod-1" {
				t.Errorf("key %q is %+v", keyID, session)
			}
		})
	}
}

// asHour: every chained session was asked for with the full hour.
func asHour(t *testing.T, server *ststest.Server) {
	for _, e := range server.Journal() {
		if e.Action == "AssumeRole" && e.DurationSeconds != "3600" {
			line, _ := json.Marshal(e)
			t.Errorf("not an hour: %s", line)
		}
	}
}

func write(t *testing.T, path, content string) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
