// Package docs has no code: its tests hold what the project's pages say against what it speaks of. Links against the files and
// headings that they lead to, commands of the AWS CLI against botocore's models, rolechain's commands, flags, settings and
// exit codes against the programs, and the messages and outputs that the guide and the table of troubles quote against what
// the programs say when they get into that trouble.
package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/buildtest"
)

var programs string // the directory of the programs as they are shipped

func TestMain(m *testing.M) {
	buildtest.Main(m, func(dir string) error {
		programs = dir
		return nil
	})
}

const root = ".."

// pages are all Markdown files of the repository, by their path from its root.
func pages(t *testing.T) map[string]page {
	t.Helper()
	found := map[string]page{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if d.IsDir() && (name == "build" || d.Name() == "node_modules" || name != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		found[name] = parse(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "docs/reference.md", "docs/guide.md", "docs/troubleshooting.md"} {
		if len(found[name].lines) == 0 {
			t.Fatalf("%s is not there", name)
		}
	}
	return found
}
