package rolemap

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

const good = `# a comment
roles:
  lake:
    arn: arn:aws:iam::222222222222:role/lake
    external_id: id-1
    session_name: team-{namespace}-{pod}
    source_identity: "{service_account}"
    tags: &tags {team: a, cost: 7, ns: "{namespace}", empty: ""}
    transitive_tags: [team]
    policy:
      Version: 2012-10-17
      Statement:
      - Effect: Allow
        Action: ["s3:GetObject"]
        Resource: "*"
        Condition: {Bool: {"aws:SecureTransport": true}}
    policy_arns: arn:aws:iam::aws:policy/ReadOnlyAccess
    duration: 30m
  reports: {arn: "arn:aws:iam::333333333333:role/x/reports", tags: *tags, policy: '{"Statement": []}'}
  hub: {arn: arn:aws:iam::333333333333:role/hub}
grants:
- namespaces: team-a
  service_accounts: [spark, "etl-?"]
  roles: [lake, hub]
  default: lake
- namespaces: ["team-*", emr]
  roles: reports
  default: reports
`

func parse(t *testing.T, text string) Map {
	t.Helper()
	m, err := Parse("map.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOptions(t *testing.T) {
	g, err := parse(t, good).For("system:serviceaccount:team-a:spark")
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{"team": "a", "cost": "7", "ns": "{namespace}", "empty": ""}
	want := settings.Grant{Map: "map.yaml", Subject: "system:serviceaccount:team-a:spark", Default: "lake", Roles: []settings.Granted{
		{Name: "hub", Role: "arn:aws:iam::333333333333:role/hub"},
		{Name: "lake", Role: "arn:aws:iam::222222222222:role/lake", Seconds: 1800, Options: settings.Options{
			SessionName: "team-{namespace}-{pod}", Duration: 30 * time.Minute, ExternalID: "id-1", SourceIdentity: "{service_account}",
			Tags: tags, TransitiveTags: []string{"team"}, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
			Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}]}`,
		}},
		{Name: "reports", Role: "arn:aws:iam::333333333333:role/x/reports", Options: settings.Options{Tags: tags, Policy: `{"Statement":[]}`}},
	}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("got  %+v\nwant %+v", g, want)
	}
}

func TestWho(t *testing.T) {
	m := parse(t, good)
	for subject, want := range map[string]string{
		"system:serviceaccount:team-a:spark":    "lake: hub lake reports",
		"system:serviceaccount:team-a:etl-7":    "lake: hub lake reports",
		"system:serviceaccount:team-a:etl-77":   "reports: reports",
		"system:serviceaccount:team-a:other":    "reports: reports",
		"system:serviceaccount:team-:spark":     "reports: reports",
		"system:serviceaccount:emr:spark":       "reports: reports",
		"system:serviceaccount:emr-2:spark":     ": ",
		"system:serviceaccount:my-team-a:spark": ": ",
		"system:serviceaccount:team:spark":      ": ",
	} {
		g, err := m.For(subject)
		if err != nil {
			t.Errorf("%s: %v", subject, err)
		}
		var names []string
		for _, r := range g.Roles {
			names = append(names, r.Name)
		}
		if got := g.Default + ": " + strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", subject, got, want)
		}
	}
	for _, subject := range []string{"", "alice", "system:serviceaccount:a", "system:serviceaccount::b", "system:serviceaccount:a:", "system:serviceaccount:a:b:c", "system:node:a:b"} {
		if _, err := m.For(subject); exit.CodeOf(err) != exit.Denied {
			t.Errorf("%q: %v", subject, err)
		}
	}
	for _, token := range []string{"", "x", "a.b.c", "e30.bm90IGpzb24.e30"} {
		if _, err := m.Allows([]byte(token)); exit.CodeOf(err) != exit.NoToken || strings.Contains(fmt.Sprint(err), "bm90") {
			t.Errorf("%q: %v", token, err)
		}
	}
	g, err := m.Allows([]byte("e30.eyJzdWIiOiAic3lzdGVtOnNlcnZpY2VhY2NvdW50OmVtcjpzcGFyayJ9.e30\n"))
	if err != nil || g.Subject != "system:serviceaccount:emr:spark" || g.Default != "reports" {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestGlobs(t *testing.T) {
	for _, test := range []struct {
		glob, name string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a", "", false}, {"*", "", true}, {"*", "x.y", true}, {"a*", "a", true}, {"a*b", "axxb", true}, {"a*b", "axxbc", false},
		{"a*b*c", "abbbc", true}, {"*a*a*", "aa", true}, {"*a*a*", "a", false}, {"?", "a", true}, {"?", "", false}, {"a?c", "abc", true}, {"a?", "a", false},
		{strings.Repeat("*a", 200) + "b", strings.Repeat("a", 253), false},
	} {
		if got := match(test.glob, test.name); got != test.want {
			t.Errorf("%q %q: %v", test.glob, test.name, got)
		}
	}
}

// bad is what is wrong with a map: what of good becomes what, where and with which words that is said, and whether an editor with
// the schema says it too.
var bad = []struct {
	old, new string
	at       string
	problem  string
	hint     string
	schema   bool
}{
	{"external_id", "exteral_id", "line 5, column 5", `the role "lake" has no key "exteral_id"`, "did you mean external_id?", true},
	{"grants:", "grant:", "line 21, column 1", `the role map has no key "grant"`, "did you mean grants?", true},
	{"grants:", "grant:", "line 2, column 1", "the role map has no grants", "", true},
	{"namespaces: team-a", "namespace: team-a", "line 22, column 3", `a grant has no key "namespace"`, "did you mean namespaces?", true},
	{"namespaces: team-a", "zzz: 1", "line 22, column 3", `a grant has no key "zzz"`, "there are namespaces, service_accounts, roles, default", true},
	{"arn:aws:iam::222222222222:role/lake", "arn:aws:iam::22222222222:role/lake", "line 4, column 10", "has no 12-digit account", "write it as", true},
	{"    arn: arn:aws:iam::222222222222:role/lake\n", "", "line 3, column 3", `the role "lake" has no arn`, "", true},
	{"external_id: id-1", "external_id: x", "line 5, column 18", `external_id: "x" is not an external id`, "", true},
	{"external_id: id-1", "external_id:", "line 5, column 17", "external_id must be a text, not nothing", "", true},
	{"external_id: id-1", `external_id: ""`, "line 5, column 18", "external_id is empty", "leave the key out", true},
	{"external_id: id-1", "external_id: [id-1]", "line 5, column 18", "external_id must be a text, not a list", "", true},
	{"external_id: id-1", "external_id: !secret id-1", "line 5, column 18", "external_id must be a text", "", false},
	{"external_id: id-1", "external_id: id-1\n    external_id: id-2", "line 6, column 5", `has "external_id" twice`, "", false},
	{"{namespace}-{pod}", "{nmspace}", "line 6, column 19", "names a field that does not exist", "{job}", false},
	{`"{service_account}"`, `{service_account}`, "line 7, column 22", "source_identity must be a text, not a mapping", "in quotes", true},
	{`"{service_account}"`, `"{service account}"`, "line 7, column 22", "is not a source identity", "{service_account}", false},
	{"team: a", "aws:team: a", "line 8, column 18", `"aws:team" is not a tag's key`, "", false},
	{"team: a", "Team: b, team: a", "line 8, column 27", `tags has "team" twice`, "upper and lower case", false},
	{"team: a", `team: "a;b"`, "line 8, column 24", `"a;b" is not a tag's value`, "", false},
	{"transitive_tags: [team]", "transitive_tags: [team, term]", "line 9, column 29", `"term" is not a key of tags`, "", false},
	{"transitive_tags: [team]", "transitive_tags: [team, team]", "line 9, column 29", `has "team" twice`, "", false},
	{"transitive_tags: [team]", "transitive_tags: []", "line 9, column 22", "transitive_tags is an empty list", "", true},
	{"'{\"Statement\": []}'", "'{\"Statement\": ]}'", "", "policy is no JSON object", "", false},
	{"'{\"Statement\": []}'", "'[]'", "", "policy is no JSON object", "", false},
	{"'{\"Statement\": []}'", "'{\"Statement\": null}'", "", "policy has no Statement", "", false},
	{"'{\"Statement\": []}'", "{Statement: Allow}", "", "policy has no Statement", "", false},
	{"'{\"Statement\": []}'", "{Effect: Allow}", "", "policy has no Statement", "", true},
	{"'{\"Statement\": []}'", "{Statement: [\"" + strings.Repeat("x", 2040) + "\"]}", "", "policy has 2058 characters, and STS takes 2048", "", false},
	{"arn:aws:iam::aws:policy/ReadOnlyAccess", "ReadOnlyAccess", "line 17, column 18", "is not the ARN of a managed policy", "", false},
	{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "line 17, column 18", "is in another partition than the role", "", false},
	{"duration: 30m", "duration: 13h", "line 18, column 15", "is longer than 12 hours", "", false},
	{"duration: 30m", "duration: 1800", "line 18, column 15", "has no unit", "did you mean 1800s?", true},
	{"  hub:", "  default:", "line 20, column 3", "is the client role's own profile", "", true},
	{"  hub:", "  h ub:", "line 20, column 3", "is not a profile name", "", true},
	{"  hub:", "  lake:", "line 20, column 3", `roles has "lake" twice`, "", false},
	{"  hub:", "  ? [hub]\n  :", "line 20, column 5", "roles has a key that is not a plain word", "", false},
	{"  hub: {", "  hub: {<<: *tags, ", "line 20, column 9", "a key that is not a plain word", "write the keys out", false},
	{"roles: [lake, hub]", "roles: [lak, hub]", "line 24, column 11", `there is no role "lak"`, "did you mean lake? there are hub, lake, reports", false},
	{"roles: [lake, hub]", "roles: {lake: hub}", "line 24, column 10", "roles must be a list, not a mapping", "", true},
	{"  roles: [lake, hub]\n", "", "line 22, column 3", "a grant has no roles", "", true},
	{"default: lake", "default: reports", "line 25, column 12", `"reports" is not among the roles of the grant`, "", false},
	{`"etl-?"`, `"Etl[0-9]"`, "line 23, column 29", `"Etl[0-9]" is no pattern of names`, "", true},
	{"- namespaces: team-a", "- team-a\n- namespaces: team-a", "line 22, column 3", `a grant must be a mapping, not str "team-a"`, "", true},
	{good, "- roles\n", "line 1, column 1", "the role map must be a mapping, not a list", "", true},
	{"team-{namespace}-{pod}", "{namespace}-{pod}", "line 6, column 31", "did not find expected", "begins with {, * or & has to be in quotes", false},
	{"cost: 7", "cost: *none", "line 8, column 3", "unknown anchor 'none' referenced", "must be YAML", false},
	{"  hub:", "\thub:", "line 20, column 1", "found character that cannot start any token", "must be YAML", false},
	{"[lake, hub]", "[lake, hub", "line 24, column 11", "did not find expected ',' or ']'", "must be YAML", false},
	{"# a comment", "roles: x\n---", "line 2, column 1", "has a second document", "one file", false},
	{"# a comment", "\x01", "line 1, column 1", "control characters are not allowed", "must be YAML", false},
}

func TestComplaints(t *testing.T) {
	for i, test := range bad {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatal("nothing replaced")
			}
			_, err := Parse("map.yaml", []byte(text))
			want := fmt.Sprintf("ROLE_CHAIN_ROLE_MAP: \"map.yaml\", %s", test.at)
			for _, problem := range exit.All(err) {
				if strings.Contains(problem.Error(), test.problem) && strings.HasPrefix(problem.Error(), want) && strings.Contains(exit.HintOf(problem), test.hint) && exit.CodeOf(problem) == exit.BadSetting {
					return
				}
			}
			t.Errorf("got %v\nwant %q, %q, hint %q", err, want, test.problem, test.hint)
		})
	}
	for _, empty := range []string{"", "\n", "# nothing\n", "---\n", "null\n"} {
		if _, err := Parse("map.yaml", []byte(empty)); err == nil || !strings.Contains(err.Error(), "line 1, column 1: is empty") {
			t.Errorf("%q: %v", empty, err)
		}
	}
}

// All problems are told at once, but not without end.
func TestManyComplaints(t *testing.T) {
	_, err := Parse("map.yaml", []byte("roles: {a: {x: 1, y: 2}}\ngrants: [{z: 3}]\n"))
	if n := len(exit.All(err)); n != 6 {
		t.Errorf("%d problems: %v", n, err)
	}
	_, err = Parse("map.yaml", []byte("roles:\n"+strings.Repeat("  x y: {}\n", 1000)+"grants: []\n"))
	if n := len(exit.All(err)); n != maxProblems {
		t.Errorf("%d problems", n)
	}
}

// An alias can stand for much, or for itself.
func TestAliases(t *testing.T) {
	rules := func(n, m int) string {
		return "roles: {a: {arn: \"arn:aws:iam::222222222222:role/lake\"}}\ngrants:\n- &g {roles: a, namespaces: [" + strings.Repeat("a, ", m) + "a]}\n" + strings.Repeat("- *g\n", n)
	}
	if _, err := Parse("map.yaml", []byte(rules(100, 100))); err != nil {
		t.Error(err)
	}
	policy := "  hub: {arn: \"arn:aws:iam::222222222222:role/lake\", policy: "
	bomb := policy + "{Statement: &a [x, x, x, x, x, x, x, x, x, x]"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf(", %c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for name, text := range map[string]string{
		"many rules": rules(20000, 20000),
		"a bomb":     strings.Replace(good, "  hub: {arn: arn:aws:iam::333333333333:role/hub}", bomb+"}}", 1),
		"itself":     strings.Replace(good, "  hub: {arn: arn:aws:iam::333333333333:role/hub}", policy+"&p {Statement: [*p, *p], a: *p}}", 1),
	} {
		_, err := Parse("map.yaml", []byte(text))
		if problems := exit.All(err); len(problems) != 1 || !strings.Contains(err.Error(), "aliases") && !strings.Contains(err.Error(), "nested") || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

// A map that is not there, or is no file, allows nothing, and is an error.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "none"): "there is no file", dir: "not a regular file", large: "the limit is 1048576"} {
		if _, err := Read(path); exit.CodeOf(err) != exit.BadSetting || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	file := filepath.Join(dir, "map.yaml")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := Read(file); err != nil || len(m.roles) != 3 || len(m.rules) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, test := range bad {
		f.Add([]byte(strings.Replace(good, test.old, test.new, 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse("map.yaml", data)
		for _, problem := range exit.All(err) {
			if exit.CodeOf(problem) != exit.BadSetting || !strings.Contains(problem.Error(), "line ") || !strings.Contains(problem.Error(), "column ") {
				t.Errorf("%v", problem)
			}
		}
		if err != nil {
			return
		}
		for _, r := range m.rules {
			for _, name := range slices.Concat(r.roles, []string{r.fallback}) {
				if _, known := m.roles[name]; name != "" && !known {
					t.Errorf("a grant of %q, which there is not", name)
				}
			}
		}
	})
}
