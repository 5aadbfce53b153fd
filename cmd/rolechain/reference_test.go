package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/reference.md's table of commands is the program's.
func TestReference(t *testing.T) {
	reference, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(reference), "\n## Commands\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows, want []string
	for _, line := range strings.Split(section, "\n") {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, line)
		}
	}
	for _, c := range commands {
		want = append(want, fmt.Sprintf("| `%s` | %s |", strings.TrimSpace("rolechain "+c.name+" "+c.arguments), c.summary))
	}
	if got, want := strings.Join(rows, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("docs/reference.md has\n%s\nthe program\n%s", got, want)
	}
}
