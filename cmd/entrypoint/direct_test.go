package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// trusting makes both client roles trust the token, for up to 12 hours, and nothing else.
func trusting(c *ststest.Config) {
	for i := range c.Roles[1:] {
		role := &c.Roles[1+i]
		role.WebIdentity, role.TrustedBy, role.MaxSessionSeconds = c.Roles[0].WebIdentity, nil, 43200
	}
}

// An asker prints the access key id that an SDK finds for each profile, "-" being its default chain.
type asker func(t *testing.T, env []string, profiles ...string) string

func askers() map[string]asker {
	java := func(version string) asker {
		return func(t *testing.T, env []string, profiles ...string) string {
			java, classpath := sdktest.Java(t)
			return printed(t, env, "", java, append([]string{"-XX:TieredStopAtLevel=1", "-cp", classpath, "testdata/WhoAmI.java", version}, profiles...)...)
		}
	}
	return map[string]asker{
		"boto3": func(t *testing.T, env []string, profiles ...string) string {
			return printed(t, env, "", sdktest.Python(t), append([]string{"-c", `
import sys, boto3
for name in sys.argv[1:]:
    print(boto3.Session(profile_name=None if name == "-" else name).get_credentials().get_frozen_credentials().access_key)`}, profiles...)...)
		},
		"js": func(t *testing.T, env []string, profiles ...string) string {
			node, dir := sdktest.Node(t)
			return printed(t, env, dir, node, append([]string{"-e", `
const { fromNodeProviderChain } = require("@aws-sdk/credential-providers");
(async () => {
  for (const name of process.argv.slice(1)) {
    const keys = await fromNodeProviderChain({ profile: name === "-" ? undefined : name, clientConfig: { region: "eu-west-1" } })();
    console.log(keys.accessKeyId);
  }
})().catch((e) => { console.error(e); process.exit(1); });`, "--"}, profiles...)...)
		},
		"java-v2": java("v2"),
		"java-v1": java("v1"),
	}
}

func printed(t *testing.T, env []string, dir, program string, args ...string) string {
	t.Helper()
	c := exec.Command(program, args...)
	c.Env, c.Dir = env, dir
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Errorf("%v\n%s%s", err, out, &stderr)
	}
	return string(out)
}

// Real SDKs are the client role by one hop in every delivery, and the job execution role and a named role by their profiles.
func TestDirectSDKs(t *testing.T) {
	for _, delivery := range []string{"profile", "profile without variables", "file", "endpoint"} {
		delivery, without := strings.CutSuffix(delivery, " without variables")
		for name, ask := range askers() {
			// AWS SDK for Java v1 asks the STS of the real AWS for a token's session, wherever the variables lead, and takes none
			// for a profile with a token: it is left what needs no STS.
			v1 := name == "java-v1"
			if v1 && delivery == "profile" {
				continue
			}
			t.Run(delivery+map[bool]string{true: "-removed"}[without]+"/"+name, func(t *testing.T) {
				t.Parallel()
				sts := chainOf(t, 0, trusting)
				more := []string{"ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_DURATION=12h", "ROLE_CHAIN_DELIVERY=" + delivery, "ROLE_CHAIN_PROFILES=reports=" + otherRole, "AWS_DEFAULT_REGION=eu-west-1"}
				if without {
					more = append(more, "ROLE_CHAIN_IRSA_ENV=remove")
				}
				j := startJob(t, sts, more...)
				var env []string
				for name, value := range j.env {
					env = append(env, name+"="+value)
				}
				profiles, roles := []string{"-", "job-execution-role", "reports"}, []string{clientRole, jobRole, otherRole}
				if v1 && delivery == "file" {
					profiles, roles = []string{"default"}, []string{clientRole}
				}
				keys := strings.Fields(ask(t, env, profiles...))
				if len(keys) != len(roles) {
					t.Fatalf("%q", keys)
				}
				for i, role := range roles {
					if s := j.wantRole(name+" "+profiles[i], keys[i], role); s.Depth != 1 {
						t.Errorf("profile %q: a session at the end of %d hops", profiles[i], s.Depth)
					}
				}
				if n := j.calls("AssumeRole"); n > 0 {
					t.Errorf("%d second hops", n)
				}
			})
		}
	}
}

// The refresher's sessions are of the length that was asked for, in one call, and one call is all that the start makes.
func TestDirectRefresher(t *testing.T) {
	for _, delivery := range []string{"file", "endpoint"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			j := startJob(t, chainOf(t, 0, trusting), "ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_DURATION=12h", "ROLE_CHAIN_DELIVERY="+delivery)
			if web, assumed := j.calls("AssumeRoleWithWebIdentity"), j.calls("AssumeRole"); web != 1 || assumed != 0 {
				t.Errorf("%d and %d calls, want 1 and 0", web, assumed)
			}
			id := ""
			if delivery == "endpoint" {
				k, _, err := j.ask("/credentials")
				if err != nil {
					t.Fatal(err)
				}
				id = k.AccessKeyId
			} else {
				data, err := os.ReadFile(filepath.Join(j.home, ".aws", "credentials"))
				if err != nil {
					t.Fatal(err)
				}
				_, rest, _ := strings.Cut(string(data), "aws_access_key_id = ")
				id, _, _ = strings.Cut(rest, "\n")
			}
			if s := j.wantRole(delivery, id, clientRole); time.Until(s.Expires) < 11*time.Hour {
				t.Errorf("%+v", s)
			}
			// The first refresh is anywhere between a sixth and a half of the life: with a life of an hour it would be within 30 minutes.
			out, said, code := j.rolechain(j.given, "status", "-json")
			_, rest, _ := strings.Cut(out, `"next_refresh": "`)
			next, err := time.Parse(time.RFC3339, rest[:min(len(rest), 20)])
			if in := time.Until(next); err != nil || code != 0 || in < 119*time.Minute || in > 6*time.Hour {
				t.Errorf("the next refresh is in %s, %v, exit code %d\n%s%s", in, err, code, out, said)
			}
			if delivery == "file" {
				return
			}
			// A killed refresher leaves the chain to the credential process, which is direct as well.
			for _, pid := range j.refreshers() {
				j.kill(pid)
			}
			j.wantRole("own chain", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
			if n := j.calls("AssumeRole"); n > 0 {
				t.Errorf("%d second hops", n)
			}
		})
	}
}

// Who may not come with the token gets the reason at the start.
func TestDirectRefused(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0) // the client role's account has no provider
	_, env := chainedTo(t, sts, "ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_ENTRYPOINT=true")
	c := entrypoint(t, env)
	c.Stdout, c.Stderr = nil, nil
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); err == nil || code != 77 || !strings.Contains(string(out), "error: direct hop (AssumeRoleWithWebIdentity to "+clientRole+"): InvalidIdentityToken: No OpenIDConnect provider found") ||
		!strings.Contains(string(out), "hint: account 444455556666 has no OIDC provider for the token's issuer, which ROLE_CHAIN_DIRECT=true needs there") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
