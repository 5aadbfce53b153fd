package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `
name a/default A SDK
sdk none endpoint
a/default B CCCCCE
sdk endpoint+own-keys
a/default C
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "expected.txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A surprise in either direction is one, and a moment without an observation too.
func TestSurprises(t *testing.T) {
	table, err := readTable(write(t, sample))
	if err != nil {
		t.Fatal(err)
	}
	cell := Cell{SDK: "a/default", Delivery: endpoint}
	var good []Observation
	for i, moment := range cell.Moments() {
		v, _ := verdictOf("CCCCCE"[i])
		good = append(good, Observation{moment, v, ""})
	}
	if s := table.surprises(cell, good); len(s) != 0 {
		t.Errorf("as expected, but surprised: %q", s)
	}
	for _, change := range []struct {
		moment  int
		verdict Verdict
	}{{0, Failure}, {5, Client}, {1, Stale}} {
		bad := append([]Observation{}, good...)
		bad[change.moment].Verdict, bad[change.moment].Detail = change.verdict, "its own words"
		s := table.surprises(cell, bad)
		if len(s) != 1 || !strings.Contains(s[0], "its own words") || !strings.Contains(s[0], bad[change.moment].Moment) {
			t.Errorf("moment %d as %s: %q", change.moment, change.verdict, s)
		}
	}
}

// Where an SDK does now this and now that, both are right, and nothing between.
func TestAlternatives(t *testing.T) {
	table, err := readTable(write(t, "name a/default A\nsdk none\na/default BS|CC\n"))
	if err != nil {
		t.Fatal(err)
	}
	cell := Cell{SDK: "a/default", Delivery: none}
	for _, c := range []struct {
		first, second Verdict
		surprises     int
	}{{Base, Stale, 0}, {Client, Client, 0}, {Base, Client, 1}, {Node, Node, 2}} {
		if s := table.surprises(cell, []Observation{{atStart, c.first, ""}, {expired, c.second, ""}}); len(s) != c.surprises {
			t.Errorf("%s, %s: %q", c.first, c.second, s)
		}
	}
}

func TestWordAndBack(t *testing.T) {
	for _, want := range []string{"C", "CE", "BBEB"} {
		verdicts, err := expand(want, max(len(want), 2))
		if err != nil {
			t.Fatal(err)
		}
		var observed []Observation
		for _, v := range verdicts {
			observed = append(observed, Observation{Verdict: v})
		}
		if got := word(observed); got != want {
			t.Errorf("%s became %s", want, got)
		}
	}
	for _, bad := range []string{"", "CC", "CCCC", "CXC"} {
		if _, err := expand(bad, 3); err == nil {
			t.Errorf("%q is taken for three verdicts", bad)
		}
	}
}

func TestTableRefuses(t *testing.T) {
	for what, text := range map[string]string{
		"a column that is none":      "name a/b C\nsdk nowhere\na/b C\n",
		"an SDK without a name":      "sdk none\na/b C\n",
		"too few words":              "name a/b C\nsdk none endpoint\na/b C\n",
		"a word of the wrong size":   "name a/b C\nsdk none\na/b CCC\n",
		"a verdict that is none":     "name a/b C\nsdk none\na/b X\n",
		"a cell that is there twice": "name a/b C\nsdk none none\na/b C C\n",
	} {
		if _, err := readTable(write(t, text)); err == nil {
			t.Errorf("it takes %s", what)
		}
	}
}

// Every probe is in the table, and every SDK of the table has a probe: none is left out silently.
func TestTableAndProbesAgree(t *testing.T) {
	table, err := readTable(expectedFile, connectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := agree("probes", table); err != nil {
		t.Error(err)
	}
}
