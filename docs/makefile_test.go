package docs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestHelp holds `make help` against the Makefile: it lists every target.
func TestHelp(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "--no-print-directory", "-C", "..", "help")
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	help, err := cmd.Output()
	if err != nil {
		t.Fatalf("make help: %v", err)
	}
	targets := 0
	for _, names := range regexp.MustCompile(`(?m)^\.PHONY: (.*)$`).FindAllStringSubmatch(string(makefile), -1) {
		for name := range strings.FieldsSeq(names[1]) {
			targets++
			if !strings.Contains("\n"+string(help), "\n"+name+": ") {
				t.Errorf("make help does not list %s", name)
			}
		}
	}
	if targets < 15 {
		t.Errorf("found %d targets in the Makefile", targets)
	}
}
