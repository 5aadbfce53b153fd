package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"rolechain/internal/suitetest"
)

// requireTools is the variable that forbids skipping, as in the tests.
const requireTools = "ROLECHAIN_REQUIRE_TOOLS"

// conduct installs, builds, runs and prints. It reports whether everything was as expected.
func (s *Suite) conduct(ctx context.Context, out io.Writer) (bool, error) {
	dir, remove, err := suitetest.Authority(slices.Concat(stsNames, s3Names, otherNames))
	if err != nil {
		return false, err
	}
	defer remove()
	began := time.Now()
	report := installAll(s.root, s.build, s.cells, out)
	real := slices.ContainsFunc(s.cells, func(c Cell) bool { return c.Real })
	if err := buildPrograms(s.build, real); err != nil {
		return false, err
	}
	fmt.Fprintf(out, "installed and built in %d s; %d cells\n", int(time.Since(began).Seconds()), len(s.cells))
	t := s.tally(out, report)
	runAll(ctx, Setup{Root: s.root, Build: s.build, Dir: dir, Verbose: s.verbose}, t.runnable, t.add)
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("interrupted: %w", err)
	}
	return t.close(s, began)
}

// A tally collects the results.
type tally struct {
	out      io.Writer
	table    Table
	runnable []Cell
	words    map[string]map[string]string
	passed   int
	failed   int
	skipped  int
	problems []string
}

func (s *Suite) tally(out io.Writer, report Report) *tally {
	t := &tally{out: out, table: s.table, words: map[string]map[string]string{}}
	for _, c := range s.cells {
		folder, _, _ := strings.Cut(c.SDK, "/")
		switch reason, cannot := report.Skipped[folder]; {
		case report.Failed[folder] != nil:
			t.failed++
			t.problem(report.Failed[folder].Error())
		case cannot && os.Getenv(requireTools) == "1":
			t.failed++
			t.problem(reason + "; " + requireTools + "=1 forbids skipping")
		case cannot:
			t.skipped++
			t.note(c, "skipped")
		default:
			t.runnable = append(t.runnable, c)
		}
	}
	return t
}

func (t *tally) problem(text string) {
	if !slices.Contains(t.problems, text) {
		t.problems = append(t.problems, text)
	}
}

func (t *tally) note(c Cell, word string) {
	if t.words[c.SDK] == nil {
		t.words[c.SDK] = map[string]string{}
	}
	t.words[c.SDK][c.Column()] = word
}

// add takes a result and prints it: the matrix as it grows.
func (t *tally) add(r Result) {
	mark := "ok  "
	surprises := t.table.surprises(r.Cell, r.Observed)
	if r.Problem != nil {
		surprises = append(surprises, fmt.Sprintf("%s: %v", r.Cell, r.Problem))
	}
	if len(surprises) > 0 {
		t.failed++
		mark = "FAIL"
		t.problems = append(t.problems, surprises...)
	} else {
		t.passed++
	}
	t.note(r.Cell, word(r.Observed))
	fmt.Fprintf(t.out, "%s %-34s %-26s %s\n", mark, r.Cell.SDK, r.Cell.Column(), word(r.Observed))
	for _, s := range surprises {
		fmt.Fprintf(t.out, "     %s\n", s)
	}
}

// close prints the matrix and the surprises, writes what was asked for, and reports whether all is well.
func (t *tally) close(s *Suite, began time.Time) (bool, error) {
	fmt.Fprintln(t.out)
	render(t.out, t.table, false, t.words)
	render(t.out, t.table, true, t.words)
	if len(t.problems) > 0 {
		fmt.Fprintf(t.out, "\n%d surprises:\n%s\n", len(t.problems), strings.Join(t.problems, "\n"))
	}
	if s.write != "" {
		if err := writeMatrix(s.write, t.table, s.connectors, t.words); err != nil {
			return false, err
		}
	}
	return suitetest.Close(t.out, began, t.passed, t.failed, t.skipped) && len(t.problems) == 0, nil
}
