package docs

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Every relative link of every page leads to a file that is there, and to a heading that it has.
func TestLinks(t *testing.T) {
	all := pages(t)
	links := 0
	for name, p := range all {
		for _, target := range p.links {
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			file, heading, withHeading := strings.Cut(target, "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: (%s) leads nowhere", name, target)
			} else if withHeading && !all[to].headings[heading] {
				t.Errorf("%s: (%s): %s has no such heading", name, target, to)
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}
