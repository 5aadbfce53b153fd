package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/ststest"
)

const optionsMap = `
roles:
  lake:
    arn: ` + clientRole + `
    external_id: id-1
    source_identity: "{namespace}.{service_account}"
    tags: {team: a, job: "{job}"}
    transitive_tags: [team]
    policy: {Version: 2012-10-17, Statement: []}
    duration: 20m
  other: {arn: ` + otherRole + `, session_name: "{job}-other", tags: {k: v}}
  again: {arn: ` + clientRole + `, external_id: id-1, session_name: again}
grants:
- {namespaces: emr, roles: [lake, other, again], default: lake}
`

// Each role of a map carries its own options to STS, and the refresher goes by the map that the start has read, whatever becomes of
// the file.
func TestRoleMapOptions(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0, func(c *ststest.Config) {
		both := []string{"sts:TagSession", "sts:SetSourceIdentity"}
		c.Roles[0].MayAlso, c.Roles[1].TrustAlso, c.Roles[2].TrustAlso = both, both, both
		c.Roles[1].ExternalID = "id-1"
	})
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_PROFILES=other,again", "SPARK_CONTAINER_ID=spark-000000035abcdefgh-driver", "ROLECHAIN_GRANT={}")
	file := filepath.Join(home, "map.yaml")
	write(t, file, optionsMap, 0o600)
	env = append(without(env, "CLIENT_ROLE_ARN"), "ROLE_CHAIN_ROLE_MAP="+file)
	j := startIn(t, sts, home, env)
	write(t, file, strings.ReplaceAll(optionsMap, "lake", "changed"), 0o600)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	j.kill(j.refreshers()[1])
	j.wantRole("default", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
	j.wantRole("other", j.process("AWS_CONFIG_FILE", "profile other").AccessKeyId, otherRole)
	j.wantRole("again", j.process("AWS_CONFIG_FILE", "profile again").AccessKeyId, clientRole)
	type carried struct {
		role, name, duration, identity string
		externalID, policy             bool
		tags                           string
	}
	got := map[carried]bool{}
	for _, e := range sts.Journal() {
		got[carried{e.Role, e.SessionName, e.DurationSeconds, e.SourceIdentity, e.ExternalID, e.SessionPolicy, e.Tags["team"] + e.Tags["job"] + e.Tags["k"] + strings.Join(e.TransitiveTags, ",")}] = true
	}
	want := map[carried]bool{
		{jobRole, "spark-0", "3600", "", false, false, ""}:                                 true,
		{clientRole, "spark-0", "1200", "emr.spark", true, true, "a000000035abcdefghteam"}: true,
		{otherRole, "000000035abcdefgh-other", "3600", "", false, false, "v"}:              true,
		{clientRole, "again", "3600", "", true, false, ""}:                                 true,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, there := j.env["ROLECHAIN_GRANT"]; !there || j.env["ROLECHAIN_GRANT"] != "{}" {
		t.Errorf("the job's environment has another ROLECHAIN_GRANT: %q", j.env["ROLECHAIN_GRANT"])
	}
}

// A start within the job goes by what the first one has, and asks no map, which goes by variables that are gone.
func TestRoleMapWithinTheJob(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"file", "endpoint"} {
		sts := chainOf(t, 0)
		home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery)
		file := filepath.Join(home, "map.yaml")
		write(t, file, "roles: {lake: {arn: \""+clientRole+"\"}}\ngrants: [{namespaces: emr, roles: lake, default: lake}]\n", 0o600)
		j := startIn(t, sts, home, append(without(env, "CLIENT_ROLE_ARN"), "ROLE_CHAIN_ROLE_MAP="+file))
		var own []string
		for name, value := range j.env {
			own = append(own, name+"="+value)
		}
		out, err := entrypoint(t, append(without(own, "ROLE_CHAIN_ENTRYPOINT"), "ROLE_CHAIN_ENTRYPOINT=echo"), "executed").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "that of a job with a role chain already") || !strings.HasSuffix(string(out), "executed\n") {
			t.Errorf("%s: %v\n%s", delivery, err, out)
		}
		for _, command := range []string{"status", "check", "roles"} {
			if stdout, stderr, code := j.rolechain(own, command); code != 0 || !strings.Contains(stdout, clientRole) {
				t.Errorf("%s: %s ends with %d\n%s%s", delivery, command, code, stdout, stderr)
			}
		}
		j.end()
	}
}

// With EKS Pod Identity the pod's token is a service account's as well.
func TestRoleMapWithPodIdentity(t *testing.T) {
	t.Parallel()
	sts, agent, home, env := withAgent(t, 0, true, "ROLE_CHAIN_DELIVERY=endpoint")
	agent.token = sts.Token("system:serviceaccount:emr:spark")
	write(t, filepath.Join(home, "token"), agent.token, 0o600)
	file := filepath.Join(home, "map.yaml")
	write(t, file, "roles: {lake: {arn: \""+clientRole+"\"}}\ngrants: [{namespaces: emr, roles: lake, default: lake}]\n", 0o600)
	env = append(without(env, "CLIENT_ROLE_ARN"), "ROLE_CHAIN_ROLE_MAP="+file)
	j := startIn(t, sts, home, env)
	j.wantRole("default", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
	var own []string
	for name, value := range j.env {
		own = append(own, name+"="+value)
	}
	if stdout, stderr, code := j.rolechain(own, "roles"); code != 0 || !strings.Contains(stdout, "lake (default)") {
		t.Errorf("roles within the job ends with %d\n%s%s", code, stdout, stderr)
	}
	out, err := entrypoint(t, append(env, "WEB_IDENTITY_ROLE_ARN="+otherRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+filepath.Join(home, "token")), "x").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "WEB_IDENTITY_ROLE_ARN: \""+otherRole+"\" is no role that the role map") {
		t.Errorf("%v\n%s", err, out)
	}
}

// With ROLE_CHAIN_DIRECT the policy and the duration of a map go with the token, and what the token's call has no parameter for ends
// the start, also where it is another role's.
func TestRoleMapDirect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ client, profiles, option, reason string }{
		{"lake", "other", "external_id: id-1", `CLIENT_ROLE_ARN: "lake" has an external id in the role map`},
		{"lake", "other", "tags: {team: a}", `CLIENT_ROLE_ARN: "lake" has session tags in the role map`},
		{"other", "lake", "external_id: id-1", `ROLE_CHAIN_PROFILES: "lake" has an external id in the role map`},
		{"lake", "other", "policy: {Version: 2012-10-17, Statement: []}, duration: 2h", ""},
	} {
		sts := chainOf(t, 0, trusting)
		home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_PROFILES="+test.profiles)
		file := filepath.Join(home, "map.yaml")
		write(t, file, "roles: {lake: {arn: '"+clientRole+"', "+test.option+"}, other: {arn: '"+otherRole+"', duration: 3h, policy: {Version: 2012-10-17, Statement: []}}}\ngrants: [{namespaces: emr, roles: [lake, other]}]\n", 0o600)
		env = append(without(env, "CLIENT_ROLE_ARN"), "CLIENT_ROLE_ARN="+test.client, "ROLE_CHAIN_ROLE_MAP="+file)
		if test.reason != "" {
			cmd := entrypoint(t, env, "true")
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 78 || !strings.Contains(string(out), test.reason+", which cannot be carried by AssumeRoleWithWebIdentity") {
				t.Errorf("%s: exit code %d\n%s", test.option, code, out)
			}
			if n := len(sts.Journal()); n > 0 {
				t.Errorf("%s: %d calls", test.option, n)
			}
			continue
		}
		j := startIn(t, sts, home, env)
		j.wantRole("default", j.process("AWS_CONFIG_FILE", "default").AccessKeyId, clientRole)
		j.wantRole("other", j.process("AWS_CONFIG_FILE", "profile other").AccessKeyId, otherRole)
		type call struct {
			action, role, duration string
			policy                 bool
		}
		got := map[call]bool{}
		for _, e := range sts.Journal() {
			got[call{e.Action, e.Role, e.DurationSeconds, e.SessionPolicy}] = true
		}
		want := map[call]bool{
			{"AssumeRoleWithWebIdentity", clientRole, "7200", true}: true,
			{"AssumeRoleWithWebIdentity", otherRole, "10800", true}: true,
		}
		if !maps.Equal(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}
