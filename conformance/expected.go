package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// The tables of verdicts, relative to this folder. They are also the lists of SDKs and of connectors.
const (
	expectedFile   = "expected.txt"
	connectorsFile = "connectors.txt"
)

// unknown is the word of a cell that nobody has looked at yet.
const unknown = "?"

// A Table has a word (see word) for each SDK and column.
type Table struct {
	SDKs       []string // in the order of the files
	Names      map[string]string
	Connectors map[string]bool              // those of SDKs that are connectors
	Words      map[string]map[string]string // by SDK and column; nothing where the cell does not exist
}

// readTable reads expected.txt and connectors.txt. Their blocks begin with a line "sdk COLUMN..."; a word "-" is a cell that
// does not exist. "name SDK TITLE" says how the SDK is called in the matrix, "connector SDK TITLE" the same of a connector.
func readTable(paths ...string) (Table, error) {
	t := Table{Names: map[string]string{}, Connectors: map[string]bool{}, Words: map[string]map[string]string{}}
	for _, path := range paths {
		if err := t.read(path); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *Table) read(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the expected verdicts: %w", err)
	}
	var header []string
	for n, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "sdk":
			header = fields[1:]
			for _, column := range header {
				if !slices.ContainsFunc(columns(), func(c Cell) bool { return c.Column() == column }) {
					return fmt.Errorf("%s:%d: there is no column %q", path, n+1, column)
				}
			}
		case (fields[0] == "name" || fields[0] == "connector") && len(fields) > 2:
			t.SDKs = append(t.SDKs, fields[1])
			t.Connectors[fields[1]] = fields[0] == "connector"
			t.Names[fields[1]] = strings.Join(fields[2:], " ")
		default:
			if err := t.row(fields, header); err != nil {
				return fmt.Errorf("%s:%d: %w", path, n+1, err)
			}
		}
	}
	return nil
}

func (t Table) row(fields, header []string) error {
	sdk, words := fields[0], fields[1:]
	if t.Names[sdk] == "" {
		return fmt.Errorf("%q has no name line", sdk)
	}
	if len(words) != len(header) {
		return fmt.Errorf("%s has %d words for %d columns", sdk, len(words), len(header))
	}
	if t.Words[sdk] == nil {
		t.Words[sdk] = map[string]string{}
	}
	for i, word := range words {
		if word == "-" {
			continue
		}
		cell := columns()[slices.IndexFunc(columns(), func(c Cell) bool { return c.Column() == header[i] })]
		cell.SDK, cell.Connector = sdk, t.Connectors[sdk]
		for _, alternative := range strings.Split(word, "|") {
			if _, err := expand(alternative, len(cell.Moments())); err != nil && word != unknown {
				return fmt.Errorf("%s %s: %w", sdk, header[i], err)
			}
		}
		if t.Words[sdk][header[i]] != "" {
			return fmt.Errorf("%s %s is there twice", sdk, header[i])
		}
		t.Words[sdk][header[i]] = word
	}
	return nil
}

// cells lists the cells that exist, column by column: what a person waits for most comes first.
func (t Table) cells() []Cell {
	var all []Cell
	for _, column := range columns() {
		for _, sdk := range t.SDKs {
			if t.Words[sdk][column.Column()] != "" {
				c := column
				c.SDK, c.Connector = sdk, t.Connectors[sdk]
				all = append(all, c)
			}
		}
	}
	return all
}

// surprises compares what was observed with what was expected: with the nearest of several words, which stand where an
// SDK does now this and now that ("BSSSS|BBSSS"). A "?" expects nothing yet, and is a surprise too.
func (t Table) surprises(c Cell, observed []Observation) []string {
	expected := t.Words[c.SDK][c.Column()]
	if expected == unknown {
		var details []string
		for _, o := range observed {
			if o.Detail != "" {
				details = append(details, o.Moment+": "+o.Detail)
			}
		}
		return []string{fmt.Sprintf("%s: no verdict expected yet, observed %s; %s", c, word(observed), strings.Join(details, "; "))}
	}
	var fewest []string
	for i, alternative := range strings.Split(expected, "|") {
		want, err := expand(alternative, len(c.Moments()))
		if err != nil {
			return []string{fmt.Sprintf("%s: %v", c, err)}
		}
		var all []string
		for _, o := range observed {
			if expected := want[slices.Index(c.Moments(), o.Moment)]; o.Verdict != expected {
				all = append(all, fmt.Sprintf("%s, at %s: %s, want %s: %s", c, o.Moment, o.Verdict, expected, orNothing(o.Detail)))
			}
		}
		if i == 0 || len(all) < len(fewest) {
			fewest = all
		}
	}
	return fewest
}

func orNothing(detail string) string {
	if detail == "" {
		return "the SDK reported no error"
	}
	return detail
}
