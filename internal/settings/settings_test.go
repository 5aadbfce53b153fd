package settings

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
)

const (
	client = "arn:aws:iam::444455556666:role/client-role"
	job    = "arn:aws:iam::111122223333:role/job-execution-role"
)

// environment puts variables into an environment.
func environment(variables map[string]string) Environment {
	var env []string
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	return Listed(env)
}

func TestRead(t *testing.T) {
	const token = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
	roles := map[string]string{"CLIENT_ROLE_ARN": client, "WEB_IDENTITY_ROLE_ARN": job}
	for _, test := range []struct {
		name string
		env  map[string]string // on top of roles; a "-" removes
		ok   func(Settings) bool
	}{
		{"defaults", nil, func(s Settings) bool {
			return s.ClientRole == client && s.BaseRole == job && s.FirstHop == WebIdentity && s.TokenFile == token && s.BaseProfile == "job-execution-role" &&
				s.SessionName == "{pod}" && s.Duration == time.Hour && s.Delivery == Profile && s.KeepSources && !s.AllowIMDS && s.Entrypoint == "/usr/bin/entrypoint.sh" && s.Region == ""
		}},
		{"aliases", map[string]string{"CLIENT_ROLE_ARN": "-", "ROLE_2_ARN": client, "WEB_IDENTITY_ROLE_ARN": "-", "ROLE_1_ARN": job, "REGION": "eu-west-1"},
			func(s Settings) bool {
				return s.ClientRole == client && s.BaseRole == job && s.Region == "eu-west-1" && !s.RegionVariables
			}},
		{"aliases that agree", map[string]string{"ROLE_2_ARN": client, "ROLE_1_ARN": job}, func(s Settings) bool { return s.ClientRole == client }},
		{"the role that EKS injects", map[string]string{"WEB_IDENTITY_ROLE_ARN": "-", "AWS_ROLE_ARN": job, "AWS_WEB_IDENTITY_TOKEN_FILE": "/t"},
			func(s Settings) bool { return s.BaseRole == job && s.TokenFile == "/t" && s.FirstHop == WebIdentity }},
		{"the user's role comes before the injected one", map[string]string{"AWS_ROLE_ARN": client}, func(s Settings) bool { return s.BaseRole == job }},
		{"pod identity, also where IRSA is injected too", map[string]string{"WEB_IDENTITY_ROLE_ARN": "-", "AWS_ROLE_ARN": job,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"},
			func(s Settings) bool { return s.FirstHop == PodIdentity && s.BaseRole == "" && s.TokenFile == "" }},
		{"a named role means web identity", map[string]string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"},
			func(s Settings) bool { return s.FirstHop == WebIdentity && s.BaseRole == job }},
		{"regions in order", map[string]string{"AWS_REGION": "us-west-1", "AWS_DEFAULT_REGION": "eu-west-2", "REGION": "nonsense"},
			func(s Settings) bool { return s.Region == "us-west-1" && !s.RegionVariables }},
		{"regions that every SDK sees", map[string]string{"AWS_REGION": "us-west-1", "AWS_DEFAULT_REGION": "us-west-1"},
			func(s Settings) bool { return s.Region == "us-west-1" && s.RegionVariables }},
		{"empty variables of others are unset", map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONFIG_FILE": ""},
			func(s Settings) bool {
				return s.Region == "eu-west-2" && s.TokenFile == token && s.Locations.EmptyConfigFile
			}},
		{"everything else", map[string]string{"ROLE_CHAIN_IRSA_ENV": "remove", "ROLE_CHAIN_FILES": "/mnt/aws", "ROLE_CHAIN_ALLOW_IMDS": "True", "ROLE_CHAIN_DURATION": "15m", "ROLE_CHAIN_BASE_PROFILE": "b",
			"ROLE_CHAIN_VIA": client + ", " + job, "ROLE_CHAIN_PROFILES": "x=" + client + ",y=" + job, "ROLE_CHAIN_EXTERNAL_ID": "id:1/2", "ROLE_CHAIN_VERIFY": "true", "ROLE_CHAIN_START_TIMEOUT": "5s", "ROLE_CHAIN_DELIVERY": "profile"},
			func(s Settings) bool {
				return !s.KeepSources && s.AllowIMDS && s.Verify && s.Locations.Files == "/mnt/aws" && s.StartTimeout == 5*time.Second && s.Duration == 15*time.Minute && s.BaseProfile == "b" && len(s.Via) == 2 && s.Via[1].Role == job &&
					len(s.Profiles) == 2 && s.Profiles[1].Name == "y" && s.Profiles[1].Role == job && s.Options.ExternalID == "id:1/2"
			}},
		{"deliveries with a refresher remove the injected variables", map[string]string{"ROLE_CHAIN_DELIVERY": "file"}, func(s Settings) bool { return s.Delivery == File && !s.KeepSources && s.Refreshed() && s.Waits() }},
		{"unless they are to be kept", map[string]string{"ROLE_CHAIN_DELIVERY": "endpoint", "ROLE_CHAIN_IRSA_ENV": "keep"}, func(s Settings) bool { return s.Delivery == Endpoint && s.KeepSources && s.Refreshed() }},
		{"what only an endpoint can honour", map[string]string{"ROLE_CHAIN_DELIVERY": "endpoint", "ROLE_CHAIN_SOURCE_IDENTITY": "alice@example.com",
			"ROLE_CHAIN_SESSION_TAGS": "team=data eng, Größe=a=b,empty=", "ROLE_CHAIN_TRANSITIVE_TAGS": "team,empty", "ROLE_CHAIN_SESSION_POLICY_FILE": "/p.json",
			"ROLE_CHAIN_SESSION_POLICY_ARNS": "arn:aws:iam::aws:policy/service-role/X, arn:aws:iam::444455556666:policy/y"},
			func(s Settings) bool {
				return s.Options.SourceIdentity == "alice@example.com" && len(s.Options.Tags) == 3 && s.Options.Tags["team"] == "data eng" && s.Options.Tags["Größe"] == "a=b" && s.Options.Tags["empty"] == "" &&
					slices.Equal(s.Options.TransitiveTags, []string{"team", "empty"}) && s.PolicyFile == "/p.json" && len(s.Options.PolicyARNs) == 2 && s.Options.PolicyARNs[1] == "arn:aws:iam::444455556666:policy/y"
			}},
		{"directly", map[string]string{"ROLE_CHAIN_DIRECT": "true", "ROLE_CHAIN_DURATION": "12h", "ROLE_CHAIN_PROFILES": "x=" + client},
			func(s Settings) bool {
				return s.Direct && s.Duration == 12*time.Hour && s.BaseRole == job && s.KeepSources && s.TokenVariables
			}},
		{"directly, without the variables", map[string]string{"ROLE_CHAIN_DIRECT": "true", "ROLE_CHAIN_IRSA_ENV": "remove"}, func(s Settings) bool { return s.Direct && !s.KeepSources && !s.TokenVariables }},
		{"directly into a file", map[string]string{"ROLE_CHAIN_DIRECT": "true", "ROLE_CHAIN_DELIVERY": "file"}, func(s Settings) bool { return !s.KeepSources && s.TokenVariables }},
		{"directly, by an endpoint", map[string]string{"ROLE_CHAIN_DIRECT": "true", "ROLE_CHAIN_DELIVERY": "endpoint", "ROLE_CHAIN_SESSION_POLICY_FILE": "/p.json", "ROLE_CHAIN_SESSION_POLICY_ARNS": "arn:aws:iam::aws:policy/x"},
			func(s Settings) bool {
				return s.PolicyFile == "/p.json" && len(s.Options.PolicyARNs) == 1 && !s.TokenVariables
			}},
		{"not directly", map[string]string{"ROLE_CHAIN_DIRECT": "false", "ROLE_CHAIN_EXTERNAL_ID": "id"}, func(s Settings) bool { return !s.Direct && s.Options.ExternalID == "id" && !s.TokenVariables }},
		{"nothing", map[string]string{"CLIENT_ROLE_ARN": "-", "WEB_IDENTITY_ROLE_ARN": "-", "REGION": "nonsense"}, func(s Settings) bool { return s.ClientRole == "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{}
			for _, layer := range []map[string]string{roles, test.env} {
				for name, value := range layer {
					env[name] = value
					if value == "-" {
						delete(env, name)
					}
				}
			}
			s, _, warnings, err := Read(environment(env))
			if err != nil || len(warnings) > 0 || !test.ok(s) {
				t.Errorf("%v %v %+v", err, warnings, s)
			}
		})
	}
}

// What a hop with a token cannot do is refused, with the reason and the way out, whatever the delivery.
func TestDirectRefuses(t *testing.T) {
	const hint = "leave out ROLE_CHAIN_DIRECT to chain through the job execution role"
	for _, test := range []struct{ name, value, problem, hint string }{
		{"ROLE_CHAIN_DIRECT", "yes", "neither true nor false", ""},
		{"ROLE_CHAIN_DURATION", "13h", "longer than 12 hours", "15m to 12h"},
		{"ROLE_CHAIN_DURATION", "10m", "shorter than 15 minutes", "15m to 12h"},
		{"ROLE_CHAIN_VIA", job, "has no place in the one hop", hint},
		{"ROLE_CHAIN_EXTERNAL_ID", "id", "AssumeRoleWithWebIdentity", hint},
		{"ROLE_CHAIN_SOURCE_IDENTITY", "alice", "AssumeRoleWithWebIdentity", hint},
		{"ROLE_CHAIN_SESSION_TAGS", "a=b", "AssumeRoleWithWebIdentity", hint},
		{"ROLE_CHAIN_TRANSITIVE_TAGS", "a", "AssumeRoleWithWebIdentity", hint},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", "needs the web identity token of IRSA, and this pod's identity is EKS Pod Identity", "annotate the service account"},
	} {
		for _, delivery := range []string{"profile", "file", "endpoint"} {
			env := map[string]string{"CLIENT_ROLE_ARN": client, "AWS_ROLE_ARN": job, "ROLE_CHAIN_DIRECT": "true", "ROLE_CHAIN_DELIVERY": delivery, test.name: test.value}
			name := test.name
			if name == "AWS_CONTAINER_CREDENTIALS_FULL_URI" {
				env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/t"
				name = "ROLE_CHAIN_DIRECT"
			}
			_, _, _, err := Read(environment(env))
			all := exit.All(err)
			if len(all) != 1 || exit.CodeOf(err) != exit.BadSetting || !strings.HasPrefix(all[0].Error(), name+": ") || !strings.Contains(all[0].Error(), test.problem) || !strings.Contains(exit.HintOf(all[0]), test.hint) {
				t.Errorf("%s=%s: %v, hint %q", test.name, test.value, err, exit.HintOf(err))
			}
		}
	}
}

// Metrics need an address with a port, and somebody to serve them.
func TestMetrics(t *testing.T) {
	read := func(delivery, value string) (Settings, error) {
		s, _, _, err := Read(environment(map[string]string{"CLIENT_ROLE_ARN": client, "AWS_ROLE_ARN": job, "ROLE_CHAIN_DELIVERY": delivery, "ROLE_CHAIN_METRICS": value}))
		return s, err
	}
	for value, want := range map[string]string{":9464": "[::]:9464", "127.0.0.1:9464": "127.0.0.1:9464", "0.0.0.0:1": "0.0.0.0:1", "[::1]:9464": "[::1]:9464"} {
		for _, delivery := range []string{"file", "endpoint"} {
			if s, err := read(delivery, value); err != nil || s.Metrics.String() != want {
				t.Errorf("%s: %v, %v", value, s.Metrics, err)
			}
		}
		if _, err := read("profile", value); exit.CodeOf(err) != exit.BadSetting || !strings.Contains(err.Error(), "ROLE_CHAIN_METRICS: \""+value+"\" has nobody to serve metrics in profile delivery") {
			t.Errorf("%s: %v", value, err)
		}
	}
	for _, value := range []string{"9464", ":0", ":70000", "localhost:9464", "127.0.0.1", "http://127.0.0.1:9464", "[fe80::1%eth0]:9464", "true"} {
		if s, err := read("endpoint", value); exit.CodeOf(err) != exit.BadSetting || !strings.Contains(err.Error(), "ROLE_CHAIN_METRICS: \""+value+"\" is not an address with a port") || s.Metrics.IsValid() {
			t.Errorf("%s: %v, %v", value, s.Metrics, err)
		}
	}
	if _, err := read("endpoint", ""); err == nil || !strings.Contains(err.Error(), "ROLE_CHAIN_METRICS: \"\" is empty") {
		t.Error(err)
	}
}

func TestBadValues(t *testing.T) {
	for _, test := range []struct{ name, value, problem, hint string }{
		{"CLIENT_ROLE_ARN", "", "is empty", "leave the variable out"},
		{"CLIENT_ROLE_ARN", "client-role", "is not an ARN", "arn:aws:iam::"},
		{"CLIENT_ROLE_ARN", " " + client, "is not an ARN", ""},
		{"CLIENT_ROLE_ARN", "arn:awz:iam::444455556666:role/x", "no known partition", "aws-cn"},
		{"CLIENT_ROLE_ARN", "arn:aws-iso-:iam::444455556666:role/x", "no known partition", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::44445555666:role/x", "no 12-digit account", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::44445555666x:role/x", "no 12-digit account", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam:us-east-1:444455556666:role/x", "is not the ARN of an IAM role", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:user/x", "is not the ARN of an IAM role", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:sts::444455556666:assumed-role/x/session", "is a session, not a role", "arn:aws:iam::444455556666:role/x"},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:role/", "no valid role name", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:role/x\naws_access_key_id = y", "no valid role name", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:role/" + strings.Repeat("x", 65), "no valid role name", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:role/a[b/x", "no valid role path", ""},
		{"CLIENT_ROLE_ARN", "arn:aws:iam::444455556666:role//x", "no valid role path", ""},
		{"WEB_IDENTITY_ROLE_ARN", "arn:aws-cn:iam::444455556666:role/x", "in another partition", "no session cross"},
		{"ROLE_CHAIN_VIA", "arn:aws-cn:iam::444455556666:role/x", "in another partition", "no session cross"},
		{"ROLE_CHAIN_PROFILES", "x=arn:aws-us-gov:iam::444455556666:role/x", "in another partition", "no session cross"},
		{"AWS_REGION", "cn-north-1", "in another partition", "no session cross"},
		{"CLIENT_ROLE_ARN", client + "\n", "no valid role name", "white space, perhaps a line break"},
		{"CLIENT_ROLE_ARN", "\"" + client + "\"", "is not an ARN", "quotes are part of the value"},
		{"AWS_CONFIG_FILE", "$HOME/config", "some SDKs expand", "absolute path"},
		{"AWS_SHARED_CREDENTIALS_FILE", "~root/credentials", "some SDKs expand", "absolute path"},
		{"WEB_IDENTITY_ROLE_ARN", "", "is empty", ""},
		{"ROLE_2_ARN", job, "differs from CLIENT_ROLE_ARN", "one of the two"},
		{"ROLE_1_ARN", client, "differs from WEB_IDENTITY_ROLE_ARN", ""},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", "token", "not an absolute path", ""},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t # c", "cannot carry safely", ""},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t\n[x]", "cannot carry safely", ""},
		{"AWS_REGION", "us-east-1a", "is an availability zone", "the region is us-east-1"},
		{"AWS_REGION", "useast1", "is not a region", "us-east-1"},
		{"REGION", "eu west 1", "is not a region", ""},
		{"ROLE_CHAIN_DELIVERY", "Profile", "is none of profile, file, endpoint", ""},
		{"ROLE_CHAIN_DELIVERY", "", "is empty", ""},
		{"ROLE_CHAIN_VERIFY", "yes", "neither true nor false", ""},
		{"ROLE_CHAIN_START_TIMEOUT", "30", "has no unit", "30s"},
		{"ROLE_CHAIN_START_TIMEOUT", "0s", "between a second and an hour", "1s to 1h"},
		{"ROLE_CHAIN_START_TIMEOUT", "48h", "between a second and an hour", "1s to 1h"},
		{"ROLE_CHAIN_START_TIMEOUT", "soon", "is not a duration", ""},
		{"ROLE_CHAIN_FILES", "aws", "is not an absolute path", ""},
		{"ROLE_CHAIN_FILES", "", "is empty", ""},
		{"ROLE_CHAIN_FILES", "~/x", "is not an absolute path", ""},
		{"ROLE_CHAIN_ROLE_MAP", "map.yaml", "is not an absolute path", ""},
		{"ROLE_CHAIN_ROLE_MAP", "", "is empty", "leave the variable out"},
		{"ROLE_CHAIN_SOURCE_IDENTITY", "me", "cannot be carried by an AWS profile", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "a=b", "cannot be carried", ""},
		{"ROLE_CHAIN_TRANSITIVE_TAGS", "a", "cannot be carried", ""},
		{"ROLE_CHAIN_SESSION_POLICY_FILE", "/p", "cannot be carried", ""},
		{"ROLE_CHAIN_SESSION_POLICY_ARNS", "x", "cannot be carried", ""},
		{"ROLE_CHAIN_IRSA_ENV", "drop", "is none of keep, remove", ""},
		{"ROLE_CHAIN_ENTRYPOINT", "", "is empty", ""},
		{"ROLE_CHAIN_BASE_PROFILE", "default", "is the client role's own profile", ""},
		{"ROLE_CHAIN_BASE_PROFILE", "a]b", "is not a profile name", ""},
		{"ROLE_CHAIN_VIA", client + ",", "has an empty item", ""},
		{"ROLE_CHAIN_VIA", "x", "is not an ARN", ""},
		{"ROLE_CHAIN_PROFILES", client, "is not name=arn", ""},
		{"ROLE_CHAIN_PROFILES", "job-execution-role=" + client, "names a profile twice", ""},
		{"ROLE_CHAIN_PROFILES", "a=" + client + ",a=" + job, "names a profile twice", ""},
		{"ROLE_CHAIN_PROFILES", "default=" + client, "is the client role's own profile", ""},
		{"ROLE_CHAIN_SESSION_NAME", "{pods}", "field that does not exist", "{pod}"},
		{"ROLE_CHAIN_SESSION_NAME", "a b", "characters that STS does not take", ""},
		{"ROLE_CHAIN_SESSION_NAME", "x", "length", "2 to 64"},
		{"ROLE_CHAIN_EXTERNAL_ID", "x", "is not an external id", "2 to 1224"},
		{"ROLE_CHAIN_EXTERNAL_ID", "x\ny", "is not an external id", ""},
		{"ROLE_CHAIN_DURATION", "3600", "has no unit", "3600s"},
		{"ROLE_CHAIN_DURATION", "2h", "longer than an hour", "chained role"},
		{"ROLE_CHAIN_DURATION", "14m59s", "shorter than 15 minutes", ""},
		{"ROLE_CHAIN_DURATION", "16m0.5s", "whole seconds", ""},
		{"ROLE_CHAIN_DURATION", "soon", "is not a duration", ""},
		{"ROLE_CHAIN_DURATION", "-1h", "shorter", ""},
		{"ROLE_CHAIN_ALLOW_IMDS", "maybe", "neither true nor false", ""},
		{"ROLE_CHAIN_LOG_LEVEL", "trace", "is none of debug, info, warn, error", ""},
		{"ROLE_CHAIN_LOG_FORMAT", "xml", "is none of text, json", ""},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			wantProblem(t, map[string]string{"CLIENT_ROLE_ARN": client, "WEB_IDENTITY_ROLE_ARN": job}, test.name, test.value, test.problem, test.hint)
		})
	}
}

// What goes on the AssumeRole is checked as STS does, before anybody is asked.
func TestBadOptions(t *testing.T) {
	manyTags, manyARNs := make([]string, 51), make([]string, 11)
	for i := range manyTags {
		manyTags[i] = fmt.Sprintf("k%d=v", i)
	}
	for i := range manyARNs {
		manyARNs[i] = fmt.Sprintf("arn:aws:iam::aws:policy/p%d", i)
	}
	for _, test := range []struct{ name, value, problem, hint string }{
		{"ROLE_CHAIN_SOURCE_IDENTITY", "x", "is not a source identity", "2 to 64"},
		{"ROLE_CHAIN_SOURCE_IDENTITY", "aws:x", "is not a source identity", ""},
		{"ROLE_CHAIN_SOURCE_IDENTITY", "", "is empty", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "a", "is not key=value", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "=v", "is not a tag's key", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "AWS:a=v", "is not a tag's key", "not beginning with aws:"},
		{"ROLE_CHAIN_SESSION_TAGS", "a=b&c", "is not a tag's value", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "a=b,A=c", "names a tag twice", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "a=b,,c=d", "has an empty item", ""},
		{"ROLE_CHAIN_SESSION_TAGS", "a=" + strings.Repeat("v", 257), "is not a tag's value", ""},
		{"ROLE_CHAIN_SESSION_TAGS", strings.Repeat("k", 129) + "=v", "is not a tag's key", ""},
		{"ROLE_CHAIN_SESSION_TAGS", strings.Join(manyTags, ","), "has 51 tags", "50 at most"},
		{"ROLE_CHAIN_TRANSITIVE_TAGS", "b", "is not a key of ROLE_CHAIN_SESSION_TAGS", ""},
		{"ROLE_CHAIN_TRANSITIVE_TAGS", "t,t", "names a tag twice", ""},
		{"ROLE_CHAIN_SESSION_POLICY_FILE", "p.json", "is not an absolute path", ""},
		{"ROLE_CHAIN_SESSION_POLICY_ARNS", "arn:aws:iam::aws:role/x", "is not the ARN of a managed policy", ""},
		{"ROLE_CHAIN_SESSION_POLICY_ARNS", "ReadOnlyAccess", "is not the ARN of a managed policy", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		{"ROLE_CHAIN_SESSION_POLICY_ARNS", "arn:aws-cn:iam::aws:policy/x", "is in another partition", ""},
		{"ROLE_CHAIN_SESSION_POLICY_ARNS", strings.Join(manyARNs, ","), "has 11 ARNs", "10 at most"},
	} {
		t.Run(test.name+"="+test.value[:min(len(test.value), 20)], func(t *testing.T) {
			env := map[string]string{"CLIENT_ROLE_ARN": client, "WEB_IDENTITY_ROLE_ARN": job, "ROLE_CHAIN_DELIVERY": "endpoint"}
			if test.name != "ROLE_CHAIN_SESSION_TAGS" {
				env["ROLE_CHAIN_SESSION_TAGS"] = "t=1"
			}
			wantProblem(t, env, test.name, test.value, test.problem, test.hint)
		})
	}
}

// wantProblem reads env with one more variable, which must be the one that is refused.
func wantProblem(t *testing.T, env map[string]string, name, value, problem, wantHint string) {
	t.Helper()
	env[name] = value
	_, _, _, err := Read(environment(env))
	if exit.CodeOf(err) != exit.BadSetting || len(exit.All(err)) != 1 {
		t.Fatalf("got %v", err)
	}
	message, hint := err.Error(), exit.HintOf(err)
	if hint == "" || !strings.HasPrefix(message, name+": ") || !strings.Contains(message, problem) || !strings.Contains(hint, wantHint) {
		t.Errorf("got %s\n  hint: %s", message, hint)
	}
	if strings.ContainsAny(message, "\n\r") {
		t.Errorf("a value breaks the message's line: %q", message)
	}
}

// All that is wrong is said at once.
func TestAllProblemsAtOnce(t *testing.T) {
	_, _, _, err := Read(Listed([]string{"CLIENT_ROLE_ARN=x", "WEB_IDENTITY_ROLE_ARN=y", "AWS_REGION=z", "ROLE_CHAIN_DURATION=2h", "ROLE_CHAIN_LOG_LEVEL=loud", "ROLE_CHAIN_VIA=a,b"}))
	if n := len(exit.All(err)); n != 7 {
		t.Errorf("%d problems:\n%v", n, err)
	}
}

// Of a name that is there twice the first counts, as it does for the job's own getenv.
func TestNameTwice(t *testing.T) {
	s, _, _, err := Read(Listed([]string{"CLIENT_ROLE_ARN=" + client, "CLIENT_ROLE_ARN=x", "WEB_IDENTITY_ROLE_ARN=" + job}))
	if err != nil || s.ClientRole != client {
		t.Errorf("%v %+v", err, s)
	}
}

// An image that asks for a role chain starts nothing without one.
func TestRequired(t *testing.T) {
	const required = "ROLE_CHAIN_REQUIRED=true"
	for _, test := range []struct {
		name string
		env  []string
		want string // the error; "" for none
	}{
		{"no role", []string{required}, "CLIENT_ROLE_ARN is not set, and ROLE_CHAIN_REQUIRED=true"},
		{"the first hop alone", []string{required, "WEB_IDENTITY_ROLE_ARN=" + job, "ROLE_CHAIN_PROFILES=x=" + client}, "CLIENT_ROLE_ARN is not set"},
		{"a near miss", []string{required, "CLIENT_ROL_ARN=" + client}, "CLIENT_ROLE_ARN is not set"},
		{"an empty role", []string{required, "CLIENT_ROLE_ARN="}, `CLIENT_ROLE_ARN: "" is empty`},
		{"a role", []string{required, "CLIENT_ROLE_ARN=" + client, "AWS_ROLE_ARN=" + job}, ""},
		{"its other name", []string{required, "ROLE_2_ARN=" + client, "AWS_ROLE_ARN=" + job}, ""},
		{"not required", []string{"ROLE_CHAIN_REQUIRED=false"}, ""},
		{"neither", []string{"ROLE_CHAIN_REQUIRED=yes"}, `ROLE_CHAIN_REQUIRED: "yes" is neither true nor false`},
		{"empty", []string{"ROLE_CHAIN_REQUIRED="}, `ROLE_CHAIN_REQUIRED: "" is empty`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, warnings, err := Read(Listed(test.env))
			if test.want == "" && err == nil && len(warnings) == 0 {
				return
			}
			if test.want == "" || exit.CodeOf(err) != exit.BadSetting || exit.HintOf(err) == "" || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, %v", err, warnings)
			}
			for _, w := range warnings {
				if strings.Contains(w.Text, "starts unchanged") {
					t.Errorf("a start that ends warns: %s", w.Text)
				}
			}
		})
	}
}

func TestNoFirstHop(t *testing.T) {
	_, _, _, err := Read(Listed([]string{"CLIENT_ROLE_ARN=" + client}))
	if exit.CodeOf(err) != exit.BadSetting || !strings.Contains(err.Error(), "there is no first hop") {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		name  string // of the variable, with any value
		text  string // of the warning; "" for none
		hint  string
		roles bool
	}{
		{"ROLE_CHAIN_DELIVRY", "not a setting", "ROLE_CHAIN_DELIVERY", true},
		{"ROLE_CHAIN_X", "not a setting", "ROLE_CHAIN_VIA", true},
		{"CLIENT_ROLE_ANR", "not a setting", "CLIENT_ROLE_ARN", false},
		{"CLIENT_ROLEARN", "not a setting", "CLIENT_ROLE_ARN", false},
		{"client_role_arn", "not a setting", "CLIENT_ROLE_ARN", false},
		{"CLIENT_ROLE", "not a setting", "CLIENT_ROLE_ARN", false},
		{"role_chain_via", "not a setting", "ROLE_CHAIN_VIA", true},
		{"ROLECHAIN_VIA", "not a setting", "ROLE_CHAIN_VIA", true},
		{"ROLE_CHAINDELIVERY", "not a setting", "ROLE_CHAIN_DELIVERY", true},
		{"ROLE_ARN", "", "", false},
		{"ROLE_A_ARN", "", "", false},
		{"X\nCLIENT_ROLE_ARN", "", "", false},
		{"WEB_IDENTITY_ROLE_AR", "not a setting", "WEB_IDENTITY_ROLE_ARN", false},
		{"WEB_IDENTITY_ROLE_ARN", "CLIENT_ROLE_ARN is not", "set CLIENT_ROLE_ARN", false},
		{"ROLE_CHAIN_PROFILES", "CLIENT_ROLE_ARN is not", "", false},
		{"AWS_ROLE_ARN", "", "", false},
		{"CLIENT_ROL_ARN", "not a setting", "CLIENT_ROLE_ARN", false},
		{"CLIENT_RLOE_ARN", "not a setting", "CLIENT_ROLE_ARN", false},
		{"CLIENT_ROLE_NAME", "not a setting", "CLIENT_ROLE_ARN", false},
		{"CLIENT_ROL_NAME", "not a setting", "CLIENT_ROLE_ARN", false},
		{"client-role-arn", "not a setting", "CLIENT_ROLE_ARN", false},
		{"WEB_IDENTITY_ROLE_NAME", "not a setting", "WEB_IDENTITY_ROLE_ARN", false},
		{"ROLE_2", "not a setting", "ROLE_2_ARN", false},
		{"ROLE2", "not a setting", "ROLE_2_ARN", false},
		{"ROLE2_ARN", "not a setting", "ROLE_2_ARN", false},
		{"ROLE_2_NAME", "not a setting", "ROLE_2_ARN", false},
		{"ROLE_1", "not a setting", "ROLE_1_ARN", false},
		{"role1_arn", "not a setting", "ROLE_1_ARN", false},
		{"ROL_CHAIN_VERIFY", "not a setting", "ROLE_CHAIN_VERIFY", true},
		{"role-chain.delivery", "not a setting", "ROLE_CHAIN_DELIVERY", true},
		{"ROLE", "", "", false},
		{"ROLE_NAME", "", "", false},
		{"ROLE_3", "", "", false},
		{"ROLE_3_ARN", "", "", false},
		{"CLIENT_ID", "", "", false},
		{"CLIENT_NAME", "", "", false},
		{"CLIENT_ARN", "", "", false},
		{"SERVICE_ROLE_ARN", "", "", false},
		{"TASK_ROLE_NAME", "", "", false},
		{"ROLE_2_SERVICE_HOST", "", "", false},
		{"MY_ROLE", "", "", true},
		{"ROLE_CHAIN_SERVICE_HOST", "", "", true},
		{"ROLE_CHAIN_SERVICE_PORT_HTTPS", "", "", true},
		{"ROLE_CHAIN_PORT", "", "", true},
		{"ROLE_CHAIN_UI_PORT_443_TCP_ADDR", "", "", true},
		{"ROLE_CHAIN_PORTAL", "not a setting", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{test.name: job}
			if test.roles {
				env["CLIENT_ROLE_ARN"], env["WEB_IDENTITY_ROLE_ARN"] = client, job
			}
			_, _, warnings, err := Read(environment(env))
			if err != nil {
				t.Fatal(err)
			}
			if test.text == "" {
				if len(warnings) > 0 {
					t.Errorf("got %v", warnings)
				}
				return
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0].Text, test.text) || !strings.HasPrefix(warnings[0].Text, test.name) || !strings.Contains(warnings[0].Hint, test.hint) {
				t.Errorf("got %v", warnings)
			}
		})
	}
}

func TestRoleARNs(t *testing.T) {
	for _, good := range []string{
		client, "arn:aws-cn:iam::444455556666:role/x", "arn:aws-us-gov:iam::444455556666:role/x", "arn:aws-iso:iam::444455556666:role/x",
		"arn:aws-iso-b:iam::444455556666:role/x", "arn:aws-iso-f:iam::444455556666:role/x", "arn:aws-eusc:iam::444455556666:role/x",
		"arn:aws:iam::444455556666:role/path/to/x", "arn:aws:iam::444455556666:role/a_b+c=d,e.f@g-h",
	} {
		if problem, _ := roleARN(good); problem != "" {
			t.Errorf("%s %s", good, problem)
		}
	}
	for _, good := range []string{"us-east-1", "eu-central-2", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "ap-southeast-12", "mx-central-1"} {
		if problem, _ := region(good); problem != "" {
			t.Errorf("%s %s", good, problem)
		}
	}
}

func TestSessionName(t *testing.T) {
	for _, test := range []struct {
		name SessionName
		pod  Pod
		want string
	}{
		{"{pod}", Pod{Name: "spark-1-driver"}, "spark-1-driver"},
		{"{namespace}.{service_account}@{pod}", Pod{"p", "n", "s", ""}, "n.s@p"},
		{"{job}-{pod}", Pod{Name: "p", Job: "000000035abcdefgh"}, "000000035abcdefgh-p"},
		{"{pod}", Pod{Name: "a:b c\nd"}, "a-b-c-d"},
		{"{pod}", Pod{Name: "a"}, "a-session"},
		{"fixed", Pod{}, "fixed"},
	} {
		if got, err := test.name.expand("X", test.pod); err != nil || got != test.want {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
	if _, err := SessionName("{namespace}").expand("X", Pod{Name: "p"}); err == nil || !strings.Contains(err.Error(), "{namespace}") {
		t.Errorf("got %v", err)
	}
}

// A long name keeps its beginning, on which policies have conditions, and its end, and no two become one.
func TestLongSessionName(t *testing.T) {
	expand := func(template SessionName, pod string) string {
		t.Helper()
		name, err := template.expand("X", Pod{Name: pod, Namespace: "n", ServiceAccount: "s"})
		if err != nil || len(name) > 64 || indexOutside(name, sessionNameChars) >= 0 {
			t.Errorf("%q, %v", name, err)
		}
		return name
	}
	long := strings.Repeat("a", 55) + "-exec-12"
	if got := expand("{pod}", long); got != long {
		t.Errorf("a name of 63 became %q", got)
	}
	if got := expand("{pod}", long+"3"); got != long+"3" {
		t.Errorf("a name of 64 became %q", got)
	}
	seen := map[string]string{}
	for _, pod := range []string{long + "34", long + "35", "b" + long + "4", strings.Repeat("a", 30) + "b" + strings.Repeat("a", 25) + "-exec-12", strings.Repeat("a", 31) + "b" + strings.Repeat("a", 24) + "-exec-12",
		strings.Repeat("a", 200) + "-exec-12", strings.Repeat("a", 201) + "-exec-12", strings.Repeat("a", 56) + ":-exec-12", strings.Repeat("a", 56) + "/-exec-12"} {
		name := expand("team-x-{pod}", pod)
		if !strings.HasPrefix(name, "team-x-") || !strings.HasSuffix(name, pod[len(pod)-8:]) {
			t.Errorf("%q became %q", pod, name)
		}
		if other, there := seen[name]; there {
			t.Errorf("%q and %q both became %q", pod, other, name)
		}
		seen[name] = pod
		if again := expand("team-x-{pod}", pod); again != name {
			t.Errorf("%q became %q and %q", pod, name, again)
		}
	}
	if got := expand(SessionName(strings.Repeat("t", 70)+"{pod}"), "p"); !strings.HasPrefix(got, strings.Repeat("t", 30)) {
		t.Errorf("a long template became %q", got)
	}
}

// FuzzSettings: no value of any setting gets past the checks with a byte that could end a line, open a section or begin
// a comment in an AWS config file, and no message about one breaks its line.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{client, "a\nb", "[default]", "x # y", "{pod}\x00", "eu-west-1", "/t", "n=" + client, "45m", "\u2028", " "} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) {
			return // the kernel has no such variable
		}
		for _, name := range []string{"CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION", "ROLE_CHAIN_BASE_PROFILE",
			"ROLE_CHAIN_VIA", "ROLE_CHAIN_PROFILES", "ROLE_CHAIN_SESSION_NAME", "ROLE_CHAIN_EXTERNAL_ID", "ROLE_CHAIN_DURATION"} {
			env := map[string]string{"CLIENT_ROLE_ARN": client, "WEB_IDENTITY_ROLE_ARN": job}
			env[name] = value
			s, _, _, err := Read(environment(env))
			if err != nil {
				for _, problem := range exit.All(err) {
					if exit.HintOf(problem) == "" {
						t.Fatalf("no hint with %q", problem)
					}
				}
				if strings.ContainsAny(err.Error(), "\r\x1b") || strings.Count(err.Error(), "\n") >= len(exit.All(err)) {
					t.Fatalf("%s: %q", name, err)
				}
				continue
			}
			session, err := s.SessionName.expand("X", Pod{"p\n[", "n#", "s;", ""})
			if err != nil {
				t.Fatal(err)
			}
			written := []string{s.ClientRole, s.BaseRole, s.TokenFile, s.Region, s.BaseProfile, s.Options.ExternalID, session}
			for _, via := range s.Via {
				written = append(written, via.Role)
			}
			for _, p := range s.Profiles {
				written = append(written, p.Name, p.Role)
			}
			for _, w := range written {
				if strings.ContainsAny(w, "\r\n[]#;\"'\\%") || strings.TrimSpace(w) != w {
					t.Fatalf("%s=%q would write %q", name, value, w)
				}
				for _, r := range w {
					if r < ' ' || r > '~' {
						t.Fatalf("%s=%q would write %q", name, value, w)
					}
				}
			}
		}
	})
}
