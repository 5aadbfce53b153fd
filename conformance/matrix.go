package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const deliveriesTitle = "Deliveries"

// The tables of the matrix: their titles and columns.
var tables = []struct {
	title string
	has   func(Cell) bool
}{
	{deliveriesTitle, func(c Cell) bool { return c.Situation == plain && !c.Real }},
	{"Images with keys or a profile of their own, at the start", func(c Cell) bool { return slices.Contains(situations, c.Situation) }},
	{"Behind a proxy, with a private certificate authority, at the start", func(c Cell) bool { return c.Situation == proxied }},
	{"By the token itself (`ROLE_CHAIN_DIRECT=true`), at the start", func(c Cell) bool { return c.Situation == direct }},
	{"Real lifetimes, under a faked clock", func(c Cell) bool { return c.Real }},
}

// render writes what was observed as tables in Markdown, with a line for each SDK or for each connector. Tables and lines that
// have nothing are left out.
func render(w io.Writer, t Table, connectors bool, words map[string]map[string]string) {
	title, who := func(title string) string { return title }, "SDK"
	if connectors {
		title, who = func(title string) string { return strings.Replace(title, deliveriesTitle, "Connectors", 1) }, "connector"
	}
	for _, table := range tables {
		var names []string
		for _, c := range columns() {
			if table.has(c) {
				names = append(names, c.Column())
			}
		}
		var lines []string
		for _, sdk := range t.SDKs {
			if t.Connectors[sdk] != connectors {
				continue
			}
			line, some := "| "+t.Names[sdk], false
			for _, name := range names {
				word := words[sdk][name]
				some = some || word != ""
				if word == "" {
					word = "–"
				}
				line += " | " + word
			}
			if some {
				lines = append(lines, line+" |")
			}
		}
		if len(lines) > 0 {
			fmt.Fprintf(w, "### %s\n\n| %s | %s |\n|---%s|\n%s\n\n", title(table.title), who, strings.Join(names, " | "),
				strings.Repeat("|---", len(names)), strings.Join(lines, "\n"))
		}
	}
}

// What is between these lines of a page is measured; the rest is written by people.
func measuredFrom(connectors bool) string {
	if connectors {
		return "<!-- measured: make conformance CONNECTOR=" + everyConnector + " WRITE=docs/connectors.md -->\n"
	}
	return "<!-- measured: make conformance WRITE=docs/sdk-matrix.md -->\n"
}

const measuredTo = "<!-- end of what is measured -->\n"

// writeMatrix replaces the measured part of a page.
func writeMatrix(path string, t Table, connectors bool, words map[string]map[string]string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("writing the matrix: %w", err)
	}
	from := measuredFrom(connectors)
	before, rest, found := strings.Cut(string(page), from)
	_, after, ended := strings.Cut(rest, measuredTo)
	if !found || !ended {
		return fmt.Errorf("writing the matrix: %s lacks the lines %q and %q", path, strings.TrimSpace(from), strings.TrimSpace(measuredTo))
	}
	var text strings.Builder
	render(&text, t, connectors, words)
	return os.WriteFile(path, []byte(before+from+"\n"+text.String()+measuredTo+after), 0o644)
}
