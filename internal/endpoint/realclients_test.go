package endpoint

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"rolechain/internal/handover"
	"rolechain/internal/sdktest"
)

// keys is what a client says that it resolved.
type keys struct{ ID, Secret, Token, Expires string }

// eachWay runs a client against both paths, with the token in a variable and in a file.
func eachWay(t *testing.T, resolve func(t *testing.T, env map[string]string) keys) {
	t.Helper()
	client, base := session(1), session(2)
	r := run(t, fixed(client), fixed(base), defaults)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(r.token), 0o600); err != nil {
		t.Fatal(err)
	}
	for way, env := range map[string]map[string]string{
		"TOKEN":      {"AWS_CONTAINER_AUTHORIZATION_TOKEN": r.token},
		"TOKEN_FILE": {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file},
		"both":       {"AWS_CONTAINER_AUTHORIZATION_TOKEN": r.token, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file},
	} {
		for path, want := range map[string]keys{
			handover.CredentialsPath: {client.AccessKeyID, client.SecretAccessKey, client.SessionToken, client.Expires.Format("2006-01-02T15:04:05Z")},
			handover.BasePath:        {base.AccessKeyID, base.SecretAccessKey, base.SessionToken, base.Expires.Format("2006-01-02T15:04:05Z")},
		} {
			t.Run(way+path, func(t *testing.T) {
				env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://" + r.address + path
				env["AWS_EC2_METADATA_DISABLED"] = "true"
				env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none")
				if got := resolve(t, env); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

func TestGoSDK(t *testing.T) {
	eachWay(t, func(t *testing.T, env map[string]string) keys {
		for _, name := range []string{
			"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
			"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		} {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
		for name, value := range env {
			t.Setenv(name, value)
		}
		c, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("eu-west-1"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		expires := got.Expires.Add(5 * time.Minute) // which this SDK takes off, to ask again before the end
		return keys{got.AccessKeyID, got.SecretAccessKey, got.SessionToken, expires.UTC().Format("2006-01-02T15:04:05Z")}
	})
}

func TestBoto3(t *testing.T) {
	python := sdktest.Python(t)
	eachWay(t, func(t *testing.T, env map[string]string) keys {
		return ask(t, "", env, python, "-c", `
import json, boto3
c = boto3.Session().get_credentials()
f = c.get_frozen_credentials()
print(json.dumps({"ID": f.access_key, "Secret": f.secret_key, "Token": f.token, "Expires": c._expiry_time.strftime("%Y-%m-%dT%H:%M:%SZ")}))`)
	})
}

func TestJavaScriptSDK(t *testing.T) {
	node, dir := sdktest.Node(t)
	eachWay(t, func(t *testing.T, env map[string]string) keys {
		return ask(t, dir, env, node, "-e", `
require("@aws-sdk/credential-providers").fromNodeProviderChain()().then(c => console.log(JSON.stringify({
  ID: c.accessKeyId, Secret: c.secretAccessKey, Token: c.sessionToken, Expires: c.expiration.toISOString().replace(".000", "") })))`)
	})
}

// ask runs a program that prints keys.
func ask(t *testing.T, dir string, env map[string]string, program string, args ...string) keys {
	t.Helper()
	run := exec.CommandContext(t.Context(), program, args...)
	run.Dir = dir
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONDONTWRITEBYTECODE=1"}
	for name, value := range env {
		run.Env = append(run.Env, name+"="+value)
	}
	out, err := run.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatal(err)
	}
	var got keys
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return got
}
