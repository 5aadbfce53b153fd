package docs

import (
	"regexp"
	"slices"
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

// Each trouble has its cause, how to confirm it and the fix.
func TestTroublesHaveAFix(t *testing.T) {
	tables := map[string]bool{}
	for _, r := range pages(t)["docs/troubleshooting.md"].rows {
		if !slices.Contains(r.heads, "cause") {
			continue
		}
		heads := strings.Join(r.heads, " | ")
		tables[heads] = true
		if !strings.HasSuffix(heads, "cause | how to confirm | fix") || len(r.cells) != len(r.heads) || slices.Contains(r.cells, "") {
			t.Errorf("%s: %q", heads, r.cells)
		}
	}
	if len(tables) < 3 {
		t.Errorf("only these tables: %v", tables)
	}
}
