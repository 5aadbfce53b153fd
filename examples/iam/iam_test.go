// Package iam has no code: its files are IAM policies, and its tests check them.
package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A policy is what a file may have, and no more.
type policy struct {
	Version   string
	Statement []struct {
		Sid, Effect string
		Principal   map[string]string
		Action      words
		Resource    words
		Condition   map[string]map[string]words
	}
}

// words is a string, or a list of them.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(w))
}

// Grammar of the IAM policy language (IAM user guide, "Grammar of the IAM JSON policy language"), as far as these files go.
var (
	sid         = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	action      = regexp.MustCompile(`^(sts|s3|kms|logs|sqs|glue|s3tables|s3express|kafka-cluster|kinesis):[A-Z][A-Za-z]+$`)
	resource    = regexp.MustCompile(`^(\*|arn:aws:(iam::[A-Z_]+:role/[A-Z_]+|s3:::[A-Z_]+(/\*)?|(logs|kms|sqs|glue|s3tables|s3express|kafka|kinesis):REGION:[A-Z_]+:[A-Za-z_/:*-]+))$`)
	principal   = regexp.MustCompile(`^(arn:aws:iam::[A-Z_]+:(role/[A-Z_]+|oidc-provider/OIDC_PROVIDER)|pods\.eks\.amazonaws\.com)$`)
	operator    = regexp.MustCompile(`^(ForAllValues:)?String(Equals|Like)$`)
	placeholder = regexp.MustCompile(`[A-Z][A-Z_]*[A-Z]`)
)

// problems is everything that is wrong with a policy in a file of that name.
func problems(name string, data []byte) (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	var p policy
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return []string{err.Error()}
	}
	if p.Version != "2012-10-17" {
		say("version %q", p.Version)
	}
	if len(p.Statement) == 0 {
		say("no statement")
	}
	trust := strings.Contains(name, "-trust")
	seen := map[string]bool{}
	for _, s := range p.Statement {
		if !sid.MatchString(s.Sid) || seen[s.Sid] {
			say("statement %q has no name of its own", s.Sid)
		}
		seen[s.Sid] = true
		if s.Effect != "Allow" {
			say("%s: effect %q", s.Sid, s.Effect)
		}
		if len(s.Action) == 0 {
			say("%s: no action", s.Sid)
		}
		if (len(s.Principal) == 1) != trust || (len(s.Resource) > 0) == trust {
			say("%s: a trust policy has a principal, a permission policy a resource", s.Sid)
		}
		for _, a := range s.Action {
			if !action.MatchString(a) || trust && !strings.HasPrefix(a, "sts:") {
				say("%s: action %q", s.Sid, a)
			}
		}
		for _, r := range s.Resource {
			if !resource.MatchString(r) {
				say("%s: resource %q", s.Sid, r)
			}
		}
		for kind, who := range s.Principal {
			if !slices.Contains([]string{"AWS", "Federated", "Service"}, kind) || !principal.MatchString(who) {
				say("%s: principal %s %q", s.Sid, kind, who)
			}
		}
		for op, keys := range s.Condition {
			if !operator.MatchString(op) || len(keys) == 0 {
				say("%s: condition %q", s.Sid, op)
			}
			for key, values := range keys {
				if len(values) == 0 {
					say("%s: condition on %s has no value", s.Sid, key)
				}
			}
		}
	}
	return list
}

func TestPolicies(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no policies", err)
	}
	explained := map[string]bool{} // rows of the README's tables that are about a statement
	for _, m := range regexp.MustCompile("(?m)^\\| (`[^`]+` \\| `[^`]+`) \\| .{20,} \\|$").FindAllSubmatch(readme, -1) {
		explained[string(m[1])] = true
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems(file, data) {
			t.Errorf("%s: %s", file, problem)
		}
		if !strings.Contains(string(readme), "| `"+file+"` | the ") && !strings.Contains(string(readme), "| `"+file+"` | and ") {
			t.Errorf("README.md does not say what %s is for", file)
		}
		var p policy
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Statement {
			row := "`" + file + "` | `" + s.Sid + "`"
			if !explained[row] {
				t.Errorf("README.md does not explain %s", row)
			}
			delete(explained, row)
		}
		for _, word := range placeholder.FindAllString(string(data), -1) {
			if word != "AWS" && word != "EMR" && !strings.Contains(string(readme), "`"+word+"`") {
				t.Errorf("README.md does not explain %s", word)
			}
		}
	}
	for row := range explained {
		t.Errorf("README.md explains %s, which there is not", row)
	}
}

// What is wrong is found.
func TestProblems(t *testing.T) {
	const good = `{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::B/*"}]}`
	if list := problems("x-permissions.json", []byte(good)); len(list) > 0 {
		t.Fatal(list)
	}
	for _, test := range []struct{ old, new string }{
		{"2012-10-17", "2008-10-17"},
		{`"Sid": "A", `, ``},
		{`"A"`, `"A b"`},
		{`Allow`, `allow`},
		{`"Action"`, `"Actions"`},
		{`"Action": "s3:GetObject", `, ``},
		{`s3:GetObject`, `s3:getObject`},
		{`s3:GetObject`, `s4:GetObject`},
		{`, "Resource": "arn:aws:s3:::B/*"`, ``},
		{`arn:aws:s3:::B/*`, `s3://B/*`},
		{`"Resource"`, `"Principal": {"AWS": "arn:aws:iam::A_B:role/C_D"}, "Resource"`},
		{`"Resource"`, `"Condition": {"StringEqual": {"a": "b"}}, "Resource"`},
		{`]}`, `, {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`},
	} {
		bad := strings.Replace(good, test.old, test.new, 1)
		if bad == good || len(problems("x-permissions.json", []byte(bad))) == 0 {
			t.Errorf("nothing is wrong with %s", bad)
		}
	}
}
