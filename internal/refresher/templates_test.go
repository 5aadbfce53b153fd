package refresher

import (
	"errors"
	"strings"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// Templates are filled in; what STS does not take is replaced, and no two become one.
func TestTemplates(t *testing.T) {
	seen := map[string]string{}
	long := strings.Repeat("a", 70)
	for _, account := range []string{"s", "a", "etl", "a:b", "a-b", "a b", "ä", "\xff", long, long[1:], long + "b" + long, long + "c" + long, strings.Repeat("ä", 300), strings.Repeat("ä", 299) + "b"} {
		to := chain.Hop{Role: "r", Options: chain.Options{SourceIdentity: "{service_account}", Tags: map[string]string{"who": "{service_account}", "job": "{job}/{namespace}/{pod}"}}}
		if err := fill(&to, settings.Pod{Name: "p", Namespace: "team-a", ServiceAccount: account, Job: "7"}); err != nil {
			t.Fatal(err)
		}
		id, who := to.Options.SourceIdentity, to.Options.Tags["who"]
		if problem, _ := settings.CheckOption("source_identity", id); problem != "" {
			t.Errorf("%q: the source identity %q %s", account, id, problem)
		}
		if problem, _ := settings.CheckOption("tag", who); problem != "" {
			t.Errorf("%q: the tag %q %s", account, who, problem)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are both %q", account, other, id)
		}
		if other, taken := seen["tag "+who]; taken {
			t.Errorf("%q and %q are both tagged %q", account, other, who)
		}
		seen[id], seen["tag "+who] = account, account
		if got := to.Options.Tags["job"]; got != "7/team-a/p" {
			t.Errorf("tag %q", got)
		}
		if account == "etl" && (id != "etl" || who != "etl") {
			t.Errorf("%q, %q", id, who)
		}
	}
	to := chain.Hop{Options: chain.Options{SourceIdentity: "team-{service_account}-end"}}
	if err := fill(&to, settings.Pod{ServiceAccount: long}); err != nil || !strings.HasPrefix(to.Options.SourceIdentity, "team-aaaaaaaa") || !strings.HasSuffix(to.Options.SourceIdentity, "-aaaaaaaaaaaa-end") {
		t.Errorf("%v, %q", err, to.Options.SourceIdentity)
	}
}

// A field that is not known is an error that names it, whatever it was wanted for.
func TestTemplateFieldsMissing(t *testing.T) {
	for field, hint := range map[string]string{"{job}": "SPARK_CONTAINER_ID", "{namespace}": "token", "{service_account}": "token", "{pod}": "HOSTNAME"} {
		for _, o := range []chain.Options{{SourceIdentity: "x" + field}, {Tags: map[string]string{"k": "v", "l": field}}} {
			err := fill(&chain.Hop{Role: "arn:role", Options: o}, settings.Pod{})
			var coded *exit.Error
			if !errors.As(err, &coded) || coded.Code != exit.BadSetting || !strings.Contains(err.Error(), "asks for "+field) || !strings.Contains(err.Error(), "arn:role") || !strings.Contains(coded.Hint, hint) {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
}
