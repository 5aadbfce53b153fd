package families

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"rolechain/internal/sdktest"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const (
	jobRole    = "arn:aws:iam::111122223333:role/job"
	clientRole = "arn:aws:iam::444455556666:role/client"
)

// An environment in which the SDKs are asked. In its texts HOME, TOKEN and URI are what they say.
type environment struct {
	name        string
	env         []string
	config      string
	credentials string
}

const (
	irsa        = "AWS_WEB_IDENTITY_TOKEN_FILE=TOKEN AWS_ROLE_ARN=" + jobRole
	chainConfig = "[default]\nrole_arn = " + clientRole + "\nsource_profile = job\n[profile job]\nrole_arn = " + jobRole + "\nweb_identity_token_file = TOKEN\n"
	keyFile     = "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = s\n"
	processFile = "[default]\ncredential_process = HOME/process\n"
)

func words(text string) []string { return strings.Fields(text) }

var environments = []environment{
	{name: "irsa", env: words(irsa)},
	{name: "irsa and a chain", env: words(irsa), config: chainConfig},
	{name: "a chain alone", config: chainConfig},
	{name: "keys in variables", env: words("AWS_ACCESS_KEY_ID=AKIAENV AWS_SECRET_ACCESS_KEY=s " + irsa), config: chainConfig},
	{name: "half of the keys", env: words("AWS_ACCESS_KEY_ID=AKIAENV"), credentials: keyFile},
	{name: "empty keys", env: words("AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= "), credentials: keyFile},
	{name: "keys in a file", credentials: keyFile},
	{name: "keys in a file and irsa", env: words(irsa), credentials: keyFile},
	{name: "a profile by name", env: words("AWS_PROFILE=dev"), credentials: keyFile},
	{name: "a profile by name and keys", env: words("AWS_PROFILE=dev AWS_ACCESS_KEY_ID=AKIAENV AWS_SECRET_ACCESS_KEY=s"), credentials: keyFile},
	{name: "a profile by name and irsa", env: words("AWS_PROFILE=dev " + irsa), credentials: keyFile},
	{name: "a profile that is not there", env: words("AWS_PROFILE=nobody " + irsa), credentials: keyFile},
	{name: "a profile that is not there and keys", env: words("AWS_PROFILE=nobody AWS_ACCESS_KEY_ID=AKIAENV AWS_SECRET_ACCESS_KEY=s"), credentials: keyFile},
	{name: "an empty profile", env: words("AWS_PROFILE="), credentials: keyFile},
	{name: "the other profile variable", env: words("AWS_DEFAULT_PROFILE=dev"), credentials: keyFile},
	{name: "a process", config: processFile},
	{name: "a process and an endpoint", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials"), config: processFile},
	{name: "a process and keys in one section", config: processFile + "aws_access_key_id = AKIAFILE\naws_secret_access_key = s\n"},
	{name: "an endpoint", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials AWS_CONTAINER_AUTHORIZATION_TOKEN=t")},
	{name: "an endpoint with a token file", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=TOKEN")},
	{name: "an endpoint and irsa", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials " + irsa)},
	{name: "an endpoint and keys in a file", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials"), credentials: keyFile},
	{name: "an empty relative URI", env: words("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI= AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials")},
	{name: "an empty full URI", env: words("AWS_CONTAINER_CREDENTIALS_FULL_URI= AWS_EC2_METADATA_DISABLED=true")},
	{name: "nothing", env: nil},
	{name: "nothing, metadata closed", env: words("AWS_EC2_METADATA_DISABLED=true")},
	{name: "nothing, metadata closed in capitals", env: words("AWS_EC2_METADATA_DISABLED=TRUE")},
	{name: "a token without a role", env: words("AWS_WEB_IDENTITY_TOKEN_FILE=TOKEN"), credentials: keyFile},
	{name: "a role without a token", env: words("AWS_ROLE_ARN=" + jobRole), credentials: keyFile},
	{name: "empty irsa", env: words("AWS_WEB_IDENTITY_TOKEN_FILE= AWS_ROLE_ARN="), credentials: keyFile},
	{name: "a token that is not there", env: words("AWS_WEB_IDENTITY_TOKEN_FILE=HOME/none AWS_ROLE_ARN=" + jobRole), credentials: keyFile},
	{name: "a source profile that is not there", config: "[default]\nrole_arn = " + clientRole + "\nsource_profile = none\n"},
	{name: "a web identity in the profile", config: "[default]\nrole_arn = " + jobRole + "\nweb_identity_token_file = TOKEN\n"},
	{name: "JVM properties", env: []string{"JAVA_TOOL_OPTIONS=-Daws.accessKeyId=AKIAPROP -Daws.secretAccessKey=s -Daws.secretKey=s", "AWS_CONTAINER_CREDENTIALS_FULL_URI=URI/credentials"}},
	{name: "JVM properties and variables", env: []string{"JAVA_TOOL_OPTIONS=-Daws.accessKeyId=AKIAPROP -Daws.secretAccessKey=s -Daws.secretKey=s", "AWS_ACCESS_KEY_ID=AKIAENV", "AWS_SECRET_ACCESS_KEY=s"}},
	{name: "a JVM's profile", env: []string{"JAVA_TOOL_OPTIONS=-Daws.profile=dev", "AWS_PROFILE=default"}, credentials: keyFile},
	{name: "JVM options twice", env: []string{"JAVA_TOOL_OPTIONS=-Daws.profile=default", "_JAVA_OPTIONS=-Daws.profile=dev"}, credentials: keyFile},
	{name: "a JVM's role", env: append(words(irsa), "JAVA_TOOL_OPTIONS=-Daws.roleArn="+clientRole)},
}

// A rig has one stand-in for each source, and each hands out keys of its own.
type rig struct {
	sts    *ststest.Server
	others *httptest.Server
}

func newRig(t *testing.T) *rig {
	any := &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}
	r := &rig{sts: ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: jobRole, WebIdentity: any, MayAssume: []string{clientRole}},
		{ARN: clientRole, WebIdentity: any, TrustedBy: []string{jobRole}},
	}}})}
	r.others = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answer := map[string]string{"Code": "Success", "AccessKeyId": "ASIAMETADATA", "SecretAccessKey": "s", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}
		switch {
		case q.URL.Path == "/credentials":
			answer["AccessKeyId"] = "ASIAENDPOINT"
		case q.Method == http.MethodPut:
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			fmt.Fprint(w, "token")
			return
		case strings.HasSuffix(q.URL.Path, "/security-credentials/"):
			fmt.Fprint(w, "node")
			return
		case !strings.Contains(q.URL.Path, "/security-credentials"):
			http.NotFound(w, q)
			return
		}
		json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(r.others.Close)
	return r
}

// make writes an environment's files below a home of its own.
func (r *rig) make(t *testing.T, e environment) (env []string, home string) {
	home = t.TempDir()
	token := filepath.Join(home, "token")
	text := strings.NewReplacer("HOME", home, "TOKEN", token, "URI", r.others.URL)
	write := func(name, content string, mode os.FileMode) {
		if content == "" {
			return
		}
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("token", r.sts.Token("system:serviceaccount:emr:spark"), 0o600)
	write(".aws/config", strings.NewReplacer("HOME", home, "= TOKEN", "= "+token).Replace(e.config), 0o600)
	write(".aws/credentials", e.credentials, 0o600)
	write("process", "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"ASIAPROCESS\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'\n", 0o755)
	env = []string{"HOME=" + home, "PATH=/usr/local/bin:/usr/bin:/bin", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ENDPOINT_URL_STS=" + r.sts.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + r.others.URL, "AWS_METADATA_SERVICE_NUM_ATTEMPTS=1", "AWS_METADATA_SERVICE_TIMEOUT=30"}
	for _, assignment := range e.env {
		name, value, _ := strings.Cut(assignment, "=")
		switch name {
		case "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE":
			value = text.Replace(value)
		}
		env = append(env, name+"="+value)
	}
	return env, home
}

// whose tells of which source a key is.
func (r *rig) whose(id string) string {
	if session, ok := r.sts.Lookup(id); ok {
		return session.RoleARN
	}
	return map[string]string{"AKIAENV": "keys in AWS_ACCESS_KEY_ID", "AKIAFILE": "keys in the profile default", "AKIADEV": "keys in the profile dev", "AKIAPROP": "keys in -Daws.accessKeyId", "ASIAPROCESS": "process", "ASIAENDPOINT": "container", "ASIAMETADATA": "metadata"}[id]
}

// predicted is the same of a prediction.
func predicted(f Finding) string {
	switch f.Kind {
	case Token, Chain:
		return f.Role
	case Nothing:
		return ""
	case Keys: // "the keys in AWS_ACCESS_KEY_ID and …", "the keys in the profile dev, which …"
		words := strings.Fields(strings.ReplaceAll(f.Source, ",", ""))
		if words = words[1:]; words[2] == "the" {
			return strings.Join(words[:5], " ")
		}
		return strings.Join(words[:3], " ")
	}
	return string(f.Kind)
}

// ask runs a probe, and returns the access key id that it prints.
func ask(t *testing.T, dir string, env []string, program string, args ...string) string {
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Dir = env, dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// against asks one SDK in every environment and compares.
func against(t *testing.T, family string, skip func(environment) bool, probe func(t *testing.T, env []string, home string) string) {
	r := newRig(t)
	for _, e := range environments {
		if skip != nil && skip(e) {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			if family != "Go v2" { // which is asked in this process, by its environment
				t.Parallel()
			}
			env, home := r.make(t, e)
			got := probe(t, env, home)
			for _, f := range Read(settings.Listed(env), home).Find() {
				if f.Family == family && predicted(f) != r.whose(got) {
					t.Errorf("%s takes %q (%s), predicted was %q: %s; %s", family, r.whose(got), got, predicted(f), f.Source, f.Reason)
				}
				if f.Family == family && f.Reason == "" {
					t.Error("there is no reason")
				}
			}
		})
	}
}

func TestBoto3(t *testing.T) {
	python := sdktest.Python(t)
	against(t, "boto3, AWS CLI, s3fs", nil, func(t *testing.T, env []string, home string) string {
		return ask(t, "", env, python, "-I", "testdata/probe.py")
	})
}

func TestJavaScript(t *testing.T) {
	node, dir := sdktest.Node(t)
	probe, err := os.ReadFile("testdata/probe.js")
	if err != nil {
		t.Fatal(err)
	}
	against(t, "JavaScript v3", nil, func(t *testing.T, env []string, home string) string {
		return ask(t, dir, env, node, "-e", string(probe))
	})
}

func TestJava(t *testing.T) {
	java, classpath := sdktest.Java(t)
	probe := filepath.Join(t.TempDir(), "Probe.class")
	javac := exec.Command("javac", "-cp", classpath, "-d", filepath.Dir(probe), "testdata/Probe.java")
	if out, err := javac.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for version, family := range map[string]string{"v1": "Java v1", "v2": "Java v2"} {
		t.Run(version, func(t *testing.T) {
			// Version 1 knows no endpoint for STS: what it does with a token is measured by make conformance.
			skip := func(e environment) bool {
				return version == "v1" && strings.Contains(strings.Join(e.env, " "), "TOKEN_FILE=TOKEN AWS_ROLE")
			}
			against(t, family, skip, func(t *testing.T, env []string, home string) string {
				metadata := ""
				for _, assignment := range env {
					if value, ok := strings.CutPrefix(assignment, "AWS_EC2_METADATA_SERVICE_ENDPOINT="); ok {
						metadata = value
					}
				}
				return ask(t, "", env, java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.home="+home, "-Dcom.amazonaws.sdk.ec2MetadataServiceEndpointOverride="+metadata,
					"-cp", filepath.Dir(probe)+":"+classpath, "Probe", version)
			})
		})
	}
}

func TestGo(t *testing.T) {
	against(t, "Go v2", nil, func(t *testing.T, env []string, home string) string {
		for _, assignment := range os.Environ() {
			if name, _, _ := strings.Cut(assignment, "="); strings.HasPrefix(name, "AWS_") {
				t.Setenv(name, "")
				os.Unsetenv(name)
			}
		}
		// The package has found out where the home is before a test can say so.
		env = append(env, "AWS_CONFIG_FILE="+home+"/.aws/config", "AWS_SHARED_CREDENTIALS_FILE="+home+"/.aws/credentials")
		for _, assignment := range env {
			name, value, _ := strings.Cut(assignment, "=")
			t.Setenv(name, value)
		}
		cfg, err := config.LoadDefaultConfig(context.Background())
		if err != nil {
			return "error"
		}
		keys, err := cfg.Credentials.Retrieve(context.Background())
		if err != nil {
			return "error"
		}
		return keys.AccessKeyID
	})
}
