package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The landing page is read in three minutes, and the tests that it names are there.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if words := len(strings.Fields(string(text))); words > 1000 {
		t.Errorf("README.md has %d words, more than 1,000", words)
	}
	tests, err := os.ReadFile("script_test.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\[(Test[A-Za-z]+)\]\(docs/script_test\.go\)`).FindAllStringSubmatch(string(text), -1)
	for _, m := range named {
		if !strings.Contains(string(tests), "\nfunc "+m[1]+"(") {
			t.Errorf("README.md names %s, which docs/script_test.go does not have", m[1])
		}
	}
	if len(named) != 4 {
		t.Errorf("README.md names %d tests for its four claims", len(named))
	}
}
