package docs

import (
	"regexp"
	"strings"
	"testing"
)

// Phrases that had to be read twice, and what to write instead. codespell knows words only.
var phrases = []struct{ pattern, instead string }{
	{`\banew\b`, "again, or recreate"},
	{`\bthe matter\b`, "the cause"},
	{`\bmend(s|ed)?\b`, "fix"},
	{`\b(is|was|are|were) none to be had\b|\bto be had\b`, "available, or obtained"},
	{`\bor else AWS's own\b`, "unless … overrides it"},
	{`\bover .?SUBMITTED`, "through SUBMITTED"},
	{`\btells it\b|, tells\b`, "confirm"},
	{`\bit errs\b|\berrs from\b`, "fails"},
	{`\bfor ever\b`, "forever"},
}

// No page has one of them outside of code, decisions included.
func TestPhrases(t *testing.T) {
	for _, p := range phrases {
		bad := regexp.MustCompile(`(?i)` + p.pattern)
		for name, page := range pages(t) {
			text := span.ReplaceAllString(strings.Join(page.lines, "\n"), "`code`")
			if m := bad.FindString(text); m != "" {
				t.Errorf("%s: %q: write %q", name, m, p.instead)
			}
		}
	}
	for _, bad := range []string{"make the pod anew", "| the matter | tells | mends |", "if there is none to be had in", "from `PENDING` over `SUBMITTED`"} {
		found := false
		for _, p := range phrases {
			found = found || regexp.MustCompile(`(?i)`+p.pattern).MatchString(bad)
		}
		if !found {
			t.Errorf("%q is not found", bad)
		}
	}
}
