package main_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

// What the job has in endpoint delivery: exactly these variables, one session behind all three ways to it, and one
// AssumeRoleWithWebIdentity behind every profile.
func TestEndpointDelivery(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_PROFILES=reports="+otherRole,
		"AWS_ROLE_SESSION_NAME=x", "AWS_ACCESS_KEY_ID=AKIAX", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=", "AWS_SECURITY_TOKEN=", "AWS_ACCESS_KEY=", "AWS_SECRET_KEY=",
		"AWS_CREDENTIAL_EXPIRATION=", "AMAZON_ACCESS_KEY_ID=", "AMAZON_SECRET_ACCESS_KEY=", "AMAZON_SESSION_TOKEN=", "AWS_PROFILE=dev", "AWS_DEFAULT_PROFILE=",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN=old",
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=false", "AWS_STS_REGIONAL_ENDPOINTS=regional", "OWN=1")
	aws := filepath.Join(j.home, ".aws")
	want := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": j.home, "TMPDIR": j.home, "HOSTNAME": "spark-0", "CLIENT_ROLE_ARN": clientRole, "OWN": "1",
		"ROLE_CHAIN_DELIVERY": "endpoint", "ROLE_CHAIN_PROFILES": "reports=" + otherRole, "ROLE_CHAIN_ENTRYPOINT": "sh",
		"AWS_ENDPOINT_URL_STS": sts.URL, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS": "regional",
		"AWS_CONFIG_FILE": aws + "/config", "AWS_SHARED_CREDENTIALS_FILE": aws + "/credentials", "AWS_CREDENTIAL_PROFILES_FILE": aws + "/credentials",
		"AWS_SDK_LOAD_CONFIG": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:9",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "AWS_CONTAINER_AUTHORIZATION_TOKEN": j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": aws + "/rolechain/token",
	}
	if !maps.Equal(j.env, want) {
		t.Errorf("the job's environment is\n%v\nwant\n%v", j.env, want)
	}
	if uri, token := j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]; !strings.HasPrefix(uri, "http://127.0.0.1:") || len(token) != 43 {
		t.Errorf("%q, a token of %d", uri, len(token))
	}
	if file, err := os.ReadFile(aws + "/rolechain/token"); err != nil || string(file) != j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
		t.Errorf("the token's file is %q, %v", file, err)
	}

	k, status, err := j.ask("/credentials")
	if err != nil || status != 200 {
		t.Fatalf("%d, %v", status, err)
	}
	if s := j.wantRole("endpoint", k.AccessKeyId, clientRole); s.Depth != 2 || s.Name != "spark-0" || k.Expiration != s.Expires.Format("2006-01-02T15:04:05Z") {
		t.Errorf("%+v, %+v", s, k)
	}
	// Java's SDK asks a process again only 15 s before the end, so a process announces it 15 minutes early.
	end, err := time.Parse(time.RFC3339, k.Expiration)
	if err != nil {
		t.Fatal(err)
	}
	early := end.Add(-15 * time.Minute).Format(time.RFC3339)
	for _, file := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		prefix := "profile "
		if file == "AWS_SHARED_CREDENTIALS_FILE" {
			prefix = ""
		}
		if p := j.process(file, "default"); p.AccessKeyId != k.AccessKeyId || p.SecretAccessKey != k.SecretAccessKey || p.SessionToken != k.Token || p.Expiration != early {
			t.Errorf("%s hands out %v, the endpoint %v", file, p, k)
		}
		j.wantRole("base profile", j.process(file, prefix+"job-execution-role").AccessKeyId, jobRole)
		j.wantRole("named profile", j.process(file, prefix+"reports").AccessKeyId, otherRole)
	}
	if web, assumed := j.calls("AssumeRoleWithWebIdentity"), j.calls("AssumeRole"); web != 1 || assumed != 2 {
		t.Errorf("%d and %d calls, want 1 and 2", web, assumed)
	}
}

// An existing credentials file keeps every byte but [default]'s keys, through every session; the keys are the client
// role's own.
func TestFileDelivery(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 6)
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=file")
	aws := filepath.Join(home, ".aws")
	const before = "# mine\n[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\noutput = json\n\n[reports]  # kept\naws_access_key_id=AKIAI44QH8DHBEXAMPLE\n  region:x\n"
	if err := os.MkdirAll(aws, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(aws+"/credentials", []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	j := startIn(t, sts, home, env)
	if j.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != "" || j.env["AWS_ROLE_ARN"] != "" || j.env["AWS_CREDENTIAL_PROFILES_FILE"] != aws+"/credentials" || j.env["AWS_METADATA_ENDPOINT"] != "http://127.0.0.1:9" {
		t.Errorf("%v", j.env)
	}
	config, err := os.ReadFile(aws + "/config")
	if err != nil || !strings.Contains(string(config), "source_profile = job-execution-role") || strings.Contains(string(config), "credential_process") {
		t.Errorf("the config file is %q, %v", config, err)
	}
	const frame = "# mine\n[default]\naws_access_key_id = ID\naws_secret_access_key = SECRET\noutput = json\naws_session_token = TOKEN\n\n[reports]  # kept\naws_access_key_id=AKIAI44QH8DHBEXAMPLE\n  region:x\n"
	seen := map[string]time.Time{}
	j.until("four sessions", func() bool {
		f, err := os.Open(aws + "/credentials")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat() // of what is read: the refresher replaces it
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(string(data))
		id, secret, token := words[5], words[8], words[14]
		if _, known := seen[id]; !known {
			if got := strings.NewReplacer(id, "ID", secret, "SECRET", token, "TOKEN").Replace(string(data)); got != frame {
				t.Fatalf("the file is\n%s", got)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
			for other, at := range seen {
				if !info.ModTime().Truncate(time.Second).After(at.Truncate(time.Second)) {
					t.Errorf("the file of key %s is from %v, that of %s from %v", id, info.ModTime(), other, at)
				}
			}
			seen[id] = info.ModTime()
		}
		j.wantRole("file", id, clientRole)
		return len(seen) == 4 || t.Failed()
	})
	if !strings.Contains(j.stderr.String(), "warning: "+aws+"/credentials: line 3: aws_access_key_id in [default] is replaced") {
		t.Errorf("nobody is told that keys of his are replaced:\n%s", j.stderr)
	}
	if web := j.calls("AssumeRoleWithWebIdentity"); web != 1 {
		t.Errorf("%d first hops for %d sessions", web, len(seen))
	}
}

// The session options reach STS on the hop to the client role, and on no other.
func TestEndpointCarriesOptions(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0, func(c *ststest.Config) {
		c.Roles[0].MayAlso = []string{"sts:TagSession", "sts:SetSourceIdentity"}
		c.Roles[1].TrustAlso, c.Roles[1].ExternalID = []string{"sts:TagSession", "sts:SetSourceIdentity"}, "id-1"
	})
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_SOURCE_IDENTITY=alice", "ROLE_CHAIN_SESSION_TAGS=team=data,cost=7", "ROLE_CHAIN_TRANSITIVE_TAGS=team",
		"ROLE_CHAIN_EXTERNAL_ID=id-1", "ROLE_CHAIN_DURATION=20m", "ROLE_CHAIN_PROFILES=reports="+otherRole, "ROLE_CHAIN_SESSION_NAME={namespace}.{service_account}")
	policy := filepath.Join(home, "policy.json")
	if err := os.WriteFile(policy, []byte("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := startIn(t, sts, home, append(env, "ROLE_CHAIN_SESSION_POLICY_FILE="+policy))
	j.wantRole("named profile", j.process("AWS_CONFIG_FILE", "profile reports").AccessKeyId, otherRole)
	for _, e := range sts.Journal() {
		options := len(e.Tags) > 0 || e.SourceIdentity != "" || e.ExternalID || e.SessionPolicy
		if options != (e.Role == clientRole) || e.SessionName != "emr.spark" || e.Role != jobRole && e.DurationSeconds != "1200" {
			t.Errorf("%+v", e)
		}
		if e.Role == clientRole && (e.Tags["team"] != "data" || e.Tags["cost"] != "7" || len(e.TransitiveTags) != 1 || e.SourceIdentity != "alice" || !e.ExternalID || !e.SessionPolicy) {
			t.Errorf("%+v", e)
		}
	}
}

// A second start in the same home changes no byte of the files, but for what only counts for one start.
func TestSecondStart(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file"} {
		sts := chainOf(t, 0)
		home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery)
		read := func(name string) string {
			data, err := os.ReadFile(filepath.Join(home, ".aws", name))
			if err != nil {
				t.Error(err)
			}
			return string(data)
		}
		startIn(t, sts, home, env).end()
		config, credentials := read("config"), read("credentials")
		j := startIn(t, sts, home, env)
		if read("config") != config || delivery == "endpoint" && read("credentials") != credentials || strings.Contains(j.stderr.String(), "warning") {
			t.Errorf("%s: the second start leaves\n%s%s%s", delivery, read("config"), read("credentials"), j.stderr)
		}
		if delivery == "file" && read("credentials") == credentials {
			t.Error("the old session is still in the file")
		}
		j.end()
	}
}
