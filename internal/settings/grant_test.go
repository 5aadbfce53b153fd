package settings

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
)

const lakeRole, hubRole, otherJob = "arn:aws:iam::222222222222:role/lake", "arn:aws:iam::333333333333:role/hub", "arn:aws:iam::111122223333:role/other-job"

func mapped() Grant {
	return Grant{Map: "/map.yaml", Subject: "system:serviceaccount:a:b", Default: "lake", Roles: []Granted{
		{Name: "full", Role: client, Options: Options{SourceIdentity: "alice", Tags: map[string]string{"team": "a"}, TransitiveTags: []string{"team"}, Policy: `{"Statement":[]}`}, Seconds: 1800},
		{Name: "hub", Role: hubRole, Options: Options{ExternalID: "hub-id", SessionName: "to-hub"}},
		{Name: "lake", Role: lakeRole, Options: Options{ExternalID: "lake-id", SessionName: "lake-{pod}"}},
		{Name: "long", Role: "arn:aws:iam::444455556666:role/long", Seconds: 7200},
		{Name: "managed", Role: "arn:aws:iam::444455556666:role/managed", Options: Options{PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
		{Name: "plain", Role: "arn:aws:iam::444455556666:role/plain"},
		{Name: "twin-a", Role: "arn:aws:iam::444455556666:role/twin", Options: Options{ExternalID: "id-a"}},
		{Name: "twin-b", Role: "arn:aws:iam::444455556666:role/twin", Options: Options{ExternalID: "id-b"}},
		{Name: "same-a", Role: "arn:aws:iam::444455556666:role/same"},
		{Name: "same-b", Role: "arn:aws:iam::444455556666:role/same"},
	}}
}

func readMapped(g Grant, env ...string) (Settings, error) {
	s, _, _, err := Read(Listed(append(env, "ROLE_CHAIN_ROLE_MAP=/map.yaml", "AWS_ROLE_ARN="+job)).With(g))
	return s, err
}

// Names lead to roles, and each role has its own options wherever it stands.
func TestMappedRoles(t *testing.T) {
	s, err := readMapped(mapped(), "ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_VIA="+hubRole+",lake", "ROLE_CHAIN_PROFILES=plain,x=twin-b,y="+client)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Options
	if s.ClientRole != client || o.SourceIdentity != "alice" || !maps.Equal(o.Tags, map[string]string{"team": "a"}) || !slices.Equal(o.TransitiveTags, []string{"team"}) ||
		o.Policy != `{"Statement":[]}` || o.Duration != 30*time.Minute || o.ExternalID != "" || s.RoleMap != "" {
		t.Errorf("client role: %+v", s)
	}
	if len(s.Via) != 2 || s.Via[0].Role != hubRole || s.Via[0].Options.ExternalID != "hub-id" || s.Via[1].Role != lakeRole || s.Via[1].Options.SessionName != "lake-{pod}" {
		t.Errorf("on the way: %+v", s.Via)
	}
	for _, at := range []struct {
		from           Source
		variable, want string
	}{
		{o.From, "ROLE_CHAIN_EXTERNAL_ID", `external_id of the role "full" in the role map "/map.yaml"`},
		{o.From, "ROLE_CHAIN_SESSION_TAGS", `tags of the role "full" in the role map "/map.yaml"`},
		{o.From, "ROLE_CHAIN_DURATION", `duration of the role "full" in the role map "/map.yaml"`},
		{o.From, "ROLE_CHAIN_SESSION_NAME", "ROLE_CHAIN_SESSION_NAME"},
		{s.Via[1].Options.From, "ROLE_CHAIN_SESSION_NAME", `session_name of the role "lake" in the role map "/map.yaml"`},
		{s.Via[1].Options.From, "ROLE_CHAIN_DURATION", "ROLE_CHAIN_DURATION"},
		{s.Profiles[1].Options.From, "ROLE_CHAIN_EXTERNAL_ID", `external_id of the role "twin-b" in the role map "/map.yaml"`},
	} {
		if got := at.from.Of(at.variable); got != at.want {
			t.Errorf("%s is told to be from %s, want %s", at.variable, got, at.want)
		}
	}
	if p := s.Profiles; len(p) != 3 || p[0].Name != "plain" || p[0].Role != "arn:aws:iam::444455556666:role/plain" || p[1].Name != "x" || p[1].Options.ExternalID != "id-b" || p[2].Options.SourceIdentity != "alice" {
		t.Errorf("profiles: %+v", p)
	}
}

// The default counts where the submission names none, and nothing at all where there is no default.
func TestMappedDefault(t *testing.T) {
	s, err := readMapped(mapped())
	if err != nil || s.ClientRole != lakeRole || s.Options.ExternalID != "lake-id" || s.Delivery != Profile {
		t.Errorf("%+v, %v", s, err)
	}
	none := mapped()
	none.Default = ""
	if s, err := readMapped(none); err != nil || s.ClientRole != "" || s.RoleMap != "" || s.Refreshed() || s.Waits() {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := readMapped(none, "ROLE_CHAIN_REQUIRED=true"); exit.CodeOf(err) != exit.BadSetting {
		t.Error(err)
	}
	if s, err := readMapped(mapped(), "ROLE_CHAIN_REQUIRED=true"); err != nil || s.ClientRole != lakeRole {
		t.Errorf("%+v, %v", s, err)
	}
}

// Before the map has been asked everything else is checked, and no role is known.
func TestMapNotAsked(t *testing.T) {
	s, _, _, err := Read(Listed([]string{"ROLE_CHAIN_ROLE_MAP=/map.yaml", "CLIENT_ROLE_ARN=lake", "ROLE_CHAIN_PROFILES=x", "ROLE_CHAIN_VIA=y", "ROLE_CHAIN_DELIVERY=file", "AWS_ROLE_ARN=" + job}))
	if err != nil || s.RoleMap != "/map.yaml" || s.ClientRole != "" || len(s.Profiles)+len(s.Via) > 0 || !s.Refreshed() || !s.Waits() || s.BaseRole != job {
		t.Errorf("%+v, %v", s, err)
	}
	for _, env := range [][]string{{"ROLE_CHAIN_ROLE_MAP="}, {"ROLE_CHAIN_ROLE_MAP=x"}, {"ROLE_CHAIN_ROLE_MAP=/map.yaml", "ROLE_CHAIN_DELIVERY=x"}, {"ROLE_CHAIN_ROLE_MAP=/map.yaml", "CLIENT_ROLE_ARN=arn:x"}} {
		if _, _, _, err := Read(Listed(append(env, "AWS_ROLE_ARN="+job))); len(exit.All(err)) != 1 || exit.CodeOf(err) != exit.BadSetting {
			t.Errorf("%q: %v", env, err)
		}
	}
}

func TestMapRefuses(t *testing.T) {
	const allowed = "allowed are full (" + client + "), hub (" + hubRole + "), lake (" + lakeRole + "), long (" // and so on
	for _, test := range []struct {
		env     []string
		code    exit.Code
		problem string
		hint    string
	}{
		{[]string{"CLIENT_ROLE_ARN=arn:aws:iam::999999999999:role/other"}, exit.Denied, `CLIENT_ROLE_ARN: "arn:aws:iam::999999999999:role/other" is no role that the role map "/map.yaml" allows system:serviceaccount:a:b`, allowed},
		{[]string{"CLIENT_ROLE_ARN=lak"}, exit.Denied, `CLIENT_ROLE_ARN: "lak" is no role`, allowed},
		{[]string{"ROLE_2_ARN=lak"}, exit.Denied, `CLIENT_ROLE_ARN: "lak" is no role`, allowed},
		{[]string{"ROLE_CHAIN_PROFILES=x=lak"}, exit.Denied, `ROLE_CHAIN_PROFILES: "lak" is no role`, allowed},
		{[]string{"ROLE_CHAIN_PROFILES=lak"}, exit.Denied, `ROLE_CHAIN_PROFILES: "lak" is no role`, allowed},
		{[]string{"ROLE_CHAIN_VIA=" + hubRole + "x"}, exit.Denied, `ROLE_CHAIN_VIA: "` + hubRole + `x" is no role`, allowed},
		{[]string{"WEB_IDENTITY_ROLE_ARN=" + otherJob}, exit.Denied, `WEB_IDENTITY_ROLE_ARN: "` + otherJob + `" is no role`, allowed},
		{[]string{"CLIENT_ROLE_ARN=a b"}, exit.BadSetting, `CLIENT_ROLE_ARN: "a b" is neither the ARN of a role nor a name`, "rolechain roles"},
		{[]string{"CLIENT_ROLE_ARN=arn:aws:iam::1:role/x"}, exit.BadSetting, "has no 12-digit account", ""},
		{[]string{"CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/twin"}, exit.BadSetting, "has several names in the role map, with different options: twin-a (", "the one that is meant"},
		{[]string{"CLIENT_ROLE_ARN=full"}, exit.BadSetting, `"full" has session tags in the role map, which no AWS profile can carry`, "ROLE_CHAIN_DELIVERY=endpoint"},
		{[]string{"ROLE_CHAIN_PROFILES=full", "ROLE_CHAIN_DELIVERY=file"}, exit.BadSetting, `"full" has a source identity in the role map`, ""},
		{[]string{"ROLE_CHAIN_VIA=full"}, exit.BadSetting, `"full" has a session policy in the role map`, ""},
		{[]string{"ROLE_CHAIN_EXTERNAL_ID=mine"}, exit.BadSetting, `ROLE_CHAIN_EXTERNAL_ID: "mine" differs from "lake-id", which the role map has for "lake"`, "leave the variable out"},
		{[]string{"ROLE_CHAIN_SESSION_NAME={pod}"}, exit.BadSetting, `ROLE_CHAIN_SESSION_NAME: "{pod}" differs from "lake-{pod}"`, ""},
		{[]string{"ROLE_CHAIN_VIA=hub", "ROLE_CHAIN_SESSION_NAME=lake-{pod}"}, exit.BadSetting, `differs from "to-hub"`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_DURATION=1h"}, exit.BadSetting, `ROLE_CHAIN_DURATION: "1h0m0s" differs from "30m0s"`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_SOURCE_IDENTITY=bob"}, exit.BadSetting, `ROLE_CHAIN_SOURCE_IDENTITY: "bob" differs`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_SESSION_TAGS=team=a,more=b"}, exit.BadSetting, `ROLE_CHAIN_SESSION_TAGS: "more=b,team=a" differs from "team=a"`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_SESSION_TAGS=team=a,more=b", "ROLE_CHAIN_TRANSITIVE_TAGS=more"}, exit.BadSetting, `ROLE_CHAIN_TRANSITIVE_TAGS: "more" differs from "team"`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_SESSION_POLICY_ARNS=arn:aws:iam::aws:policy/ReadOnlyAccess"}, exit.BadSetting, `ROLE_CHAIN_SESSION_POLICY_ARNS: "arn:aws:iam::aws:policy/ReadOnlyAccess" is a session policy beside those`, "any of its policies"},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=managed", "ROLE_CHAIN_SESSION_POLICY_FILE=/p.json"}, exit.BadSetting, `ROLE_CHAIN_SESSION_POLICY_FILE: "/p.json" is a session policy beside those`, "any of its policies"},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=managed", "ROLE_CHAIN_SESSION_POLICY_ARNS=arn:aws:iam::aws:policy/Other"}, exit.BadSetting, `ROLE_CHAIN_SESSION_POLICY_ARNS: "arn:aws:iam::aws:policy/Other" differs from "arn:aws:iam::aws:policy/ReadOnlyAccess"`, ""},
		{[]string{"CLIENT_ROLE_ARN=long"}, exit.BadSetting, `"long" has a duration in the role map, 2h0m0s, that is longer than an hour`, "ROLE_CHAIN_DIRECT"},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=full", "ROLE_CHAIN_DIRECT=true"}, exit.BadSetting, `"full" has session tags in the role map, which cannot be carried by AssumeRoleWithWebIdentity`, "leave out ROLE_CHAIN_DIRECT"},
		{[]string{"ROLE_CHAIN_DIRECT=true"}, exit.BadSetting, `"lake" has an external id in the role map, which cannot be carried`, ""},
		{[]string{"ROLE_CHAIN_DELIVERY=endpoint", "CLIENT_ROLE_ARN=plain", "ROLE_CHAIN_VIA=full", "ROLE_CHAIN_SOURCE_IDENTITY=bob"}, exit.BadSetting, `"bob" would be the source identity of arn:aws:iam::444455556666:role/plain, on the way to which ` + client + ` has set "alice"`, "first"},
	} {
		_, err := readMapped(mapped(), test.env...)
		found := false
		for _, problem := range exit.All(err) {
			found = found || strings.Contains(problem.Error(), test.problem) && exit.CodeOf(problem) == test.code && strings.Contains(exit.HintOf(problem), test.hint)
		}
		if !found {
			t.Errorf("%q: %v\nwant %d %q, hint %q", test.env, err, test.code, test.problem, test.hint)
		}
	}
	nothing := Grant{Map: "/map.yaml", Subject: "system:serviceaccount:a:c"}
	if _, err := readMapped(nothing, "CLIENT_ROLE_ARN="+client); exit.CodeOf(err) != exit.Denied || exit.HintOf(err) != "it allows it no role at all" {
		t.Errorf("%v, %q", err, exit.HintOf(err))
	}
}

// What both say alike is no conflict, and what the map leaves open is the submission's.
func TestMapAgrees(t *testing.T) {
	for _, env := range [][]string{
		{"ROLE_CHAIN_EXTERNAL_ID=lake-id", "ROLE_CHAIN_SESSION_NAME=lake-{pod}", "ROLE_CHAIN_DURATION=20m"},
		{"CLIENT_ROLE_ARN=plain", "ROLE_CHAIN_EXTERNAL_ID=mine"},
		{"CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/same"},
		{"CLIENT_ROLE_ARN=full", "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_DURATION=30m", "ROLE_CHAIN_SOURCE_IDENTITY=alice", "ROLE_CHAIN_SESSION_TAGS=team=a", "ROLE_CHAIN_TRANSITIVE_TAGS=team"},
		{"CLIENT_ROLE_ARN=plain", "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_VIA=full", "ROLE_CHAIN_SOURCE_IDENTITY=alice"},
		{"CLIENT_ROLE_ARN=long", "ROLE_CHAIN_DIRECT=true"},
		{"WEB_IDENTITY_ROLE_ARN=" + job}, {"WEB_IDENTITY_ROLE_ARN=" + hubRole},
	} {
		if _, err := readMapped(mapped(), env...); err != nil {
			t.Errorf("%q: %v", env, err)
		}
	}
	s, _ := readMapped(mapped(), "CLIENT_ROLE_ARN=plain", "ROLE_CHAIN_EXTERNAL_ID=mine", "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_SESSION_TAGS=team=a", "ROLE_CHAIN_TRANSITIVE_TAGS=team", "ROLE_CHAIN_SOURCE_IDENTITY=alice", "ROLE_CHAIN_SESSION_POLICY_FILE=/policy")
	for variable := range keys {
		if got := s.Options.From.Of(variable); got != variable {
			t.Errorf("the submission's own %s is told to be from %s", variable, got)
		}
	}
	if s.Options.ExternalID != "mine" {
		t.Errorf("the submission's external id: %+v", s.Options)
	}
	// Where EKS has given the pod no role, there is none to hold the first hop against.
	if _, _, _, err := Read(Listed([]string{"ROLE_CHAIN_ROLE_MAP=/map.yaml", "WEB_IDENTITY_ROLE_ARN=" + otherJob}).With(mapped())); err != nil {
		t.Error(err)
	}
}

func TestJob(t *testing.T) {
	for container, want := range map[string]string{
		"": "", "spark-000000035abcdefgh-driver": "000000035abcdefgh", "000000036abcdef0123-driver": "000000036abcdef0123", "spark-000000035abcdefgh-exec-12": "000000035abcdefgh",
		"pi-12ab-exec-1": "pi-12ab", "x": "x", "spark-": "spark-", "a-exec-b": "a-exec-b",
	} {
		if got := jobOf(container); got != want {
			t.Errorf("%q: %q, want %q", container, got, want)
		}
	}
}
