package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// The tables of the matrix: their titles and columns.
var tables = []struct {
	title string
	has   func(Cell) bool
}{
	{"Deliveries", func(c Cell) bool { return c.Situation == plain && !c.Real }},
	{"Images with keys or a profile of their own, at the start", func(c Cell) bool { return slices.Contains(situations, c.Situation) }},
	{"Behind a proxy, with a private certificate authority, at the start", func(c Cell) bool { return c.Situation == proxied }},
	{"Real lifetimes, under a faked clock", func(c Cell) bool { return c.Real }},
}

// render writes what was observed as tables in Markdown, with a line for each SDK. Tables and lines that have nothing are
// left out.
func render(w io.Writer, t Table, words map[string]map[string]string) {
	for _, table := range tables {
		var names []string
		for _, c := range columns() {
			if table.has(c) {
				names = append(names, c.Column())
			}
		}
		var lines []string
		for _, sdk := range t.SDKs {
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
			fmt.Fprintf(w, "### %s\n\n| SDK | %s |\n|---%s|\n%s\n\n", table.title, strings.Join(names, " | "),
				strings.Repeat("|---", len(names)), strings.Join(lines, "\n"))
		}
	}
}

// What is between these lines of the page is measured; the rest is written by people.
const (
	measuredFrom = "<!-- measured: make conformance WRITE=docs/sdk-matrix.md -->\n"
	measuredTo   = "<!-- end of what is measured -->\n"
)

// writeMatrix replaces the measured part of a page.
func writeMatrix(path string, t Table, words map[string]map[string]string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("writing the matrix: %w", err)
	}
	before, rest, found := strings.Cut(string(page), measuredFrom)
	_, after, ended := strings.Cut(rest, measuredTo)
	if !found || !ended {
		return fmt.Errorf("writing the matrix: %s lacks the lines %q and %q", path, strings.TrimSpace(measuredFrom), strings.TrimSpace(measuredTo))
	}
	var text strings.Builder
	render(&text, t, words)
	return os.WriteFile(path, []byte(before+measuredFrom+"\n"+text.String()+measuredTo+after), 0o644)
}
