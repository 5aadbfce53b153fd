package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// What troubleshooting.md quotes beside an exit code is what the programs say when they are brought into that trouble, and
// they end with that code. "…" stands for anything.
func TestMessages(t *testing.T) {
	type quote struct {
		code  int
		text  string
		match *regexp.Regexp
	}
	var quotes []quote
	for _, r := range pages(t)["docs/troubleshooting.md"].rows {
		code, err := strconv.Atoi(r.cell("code"))
		if err != nil {
			continue
		}
		said := span.FindAllStringSubmatch(r.cell("what it says"), -1)
		if len(said) == 0 {
			t.Errorf("a row for %d quotes nothing: %q", code, r.cells)
		}
		for _, m := range said {
			parts := strings.Split(m[1], "…")
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			quotes = append(quotes, quote{code, m[1], regexp.MustCompile(strings.Join(parts, ".*"))})
		}
	}
	if len(quotes) < 25 {
		t.Errorf("only %d messages are quoted", len(quotes))
	}
	seen := make([]bool, len(quotes))
	ran := 0
	var mu sync.Mutex
	t.Run("provoke", func(t *testing.T) {
		for _, v := range provocations {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				said, code := v.provoke(t)
				t.Logf("exit code %d\n%s", code, said)
				found := false
				mu.Lock()
				defer mu.Unlock()
				ran++
				for i, q := range quotes {
					if q.code == code && q.match.MatchString(said) {
						seen[i], found = true, true
					}
				}
				if !found {
					t.Errorf("troubleshooting.md quotes nothing of it, beside %d", code)
				}
			})
		}
	})
	for i, q := range quotes {
		if !seen[i] && ran == len(provocations) { // all, and not what -run has chosen
			t.Errorf("nothing was brought to say %q with exit code %d", q.text, q.code)
		}
	}
}

func (v provocation) provoke(t *testing.T) (said string, code int) {
	p := newPod(t)
	if v.before != nil {
		v.before(p)
	}
	p.start()
	if v.after != nil {
		v.after(p)
	}
	run := v.run
	if run == nil {
		run = check
	}
	return run(p)
}

// The outputs of rolechain that guide.md shows are what it prints there, but for keys, times and ports.
func TestOutputs(t *testing.T) {
	p := newPod(t)
	p.roles[1].LifetimeSeconds = 5
	p.start()
	log := p.running()
	waitFor(log, "session refreshed")
	said := log.String()
	for _, words := range [][]string{{"rolechain", "status"}, {"rolechain", "check"}} {
		out, code := p.run(words...)
		if code != 0 {
			t.Fatalf("%s: exit code %d\n%s", words, code, out)
		}
		said += out
	}
	untrusted := newPod(t)
	untrusted.roles[1].TrustedBy = nil
	untrusted.env["ROLE_CHAIN_START_TIMEOUT"] = "60s" // the default: it ends when it has had enough of refusals
	untrusted.start()
	refusal, _ := check(untrusted)
	said += refusal
	another := newPod(t)
	another.start()
	another.env["ROLE_CHAIN_ENTRYPOINT"] = "/bin/cat"
	plan, _ := another.run("rolechain", "plan", "driver")
	said += another.inPod(plan)

	printed := strings.Split(masked(p.inPod(said)), "\n")
	ours := regexp.MustCompile(`^([0-9TZ:-]+ rolechain: |  hint: |(pass|fail|skipped) +|(role|delivery|session|refreshed|next|failures) {2,}|[+-][\[a-zA-Z]| {11}(\d\. |add to )| {13}\{)`)
	lines := 0
	for _, b := range pages(t)["docs/guide.md"].blocks {
		for _, line := range b {
			if !ours.MatchString(line) {
				continue
			}
			lines++
			if !slices.Contains(printed, masked(line)) {
				t.Errorf("guide.md shows, and nothing printed:\n%s", masked(line))
			}
		}
	}
	if lines < 20 {
		t.Errorf("guide.md shows only %d lines of rolechain's", lines)
	}
	if t.Failed() {
		t.Logf("printed was\n%s", strings.Join(printed, "\n"))
	}
}

// inPod has the paths of a pod in place of this test's.
func (p *pod) inPod(said string) string {
	return strings.NewReplacer(
		p.home, "/home/hadoop",
		filepath.Join(filepath.Dir(p.home), "token"), "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
		programs, "/opt/rolechain", "exec cat", "exec /usr/bin/entrypoint.sh", "exec /bin/cat", "exec /usr/bin/entrypoint.sh",
	).Replace(said)
}

// masked leaves out what differs from one time to the next.
func masked(text string) string {
	for _, m := range []struct{ pattern, with string }{
		{`…[A-Z2-7]{4}\b`, "…KEY"},
		{`oidc\.eks\.eu-west-1`, "oidc.eks.us-west-2"}, // the stand-in's issuer
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "TIME"},
		{` \((in |)[0-9hms]+( ago|)\)| \(now\)`, " (WHEN)"},
		{`tried \d+ times in \d+s`, "tried N times"},
		{`127\.0\.0\.1:\d+ \(region us-west-2, by AWS_ENDPOINT_URL_STS\)`, "sts.us-west-2.amazonaws.com (region us-west-2)"}, // the stand-in
		{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
		{`\d+s off STS's`, "0s off STS's"},
		{`took="[0-9.]+(ms|s)"`, `took="TIME"`},
	} {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return text
}
