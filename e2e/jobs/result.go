package jobs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Result is what became of a job, or of another case of a suite.
type Result struct {
	Roles     []string // who worked on what, as a table has it
	Sessions  int      // of client roles that S3 and SQS have seen
	Seconds   int
	Surprises []string // empty: it is as it should be
	Problem   string   // of the suite: nothing can be said about the job
}

// Good reports whether all is as it should be.
func (r Result) Good() bool { return r.Problem == "" && len(r.Surprises) == 0 }

// Word is a table's for it: good where all is as it should be.
func (r Result) Word(good string) string {
	switch {
	case r.Problem != "":
		return "NOT RUN"
	case !r.Good():
		return "FAILED"
	}
	return good
}

// maxPrinted is how many surprises of a job are printed: a wrong role shows in every request.
const maxPrinted = 8

// Tell prints what became of the job name, whose logs are in work, as it ends.
func (r Result) Tell(out io.Writer, name, work string) {
	mark := "ok  "
	if !r.Good() {
		mark = "FAIL"
	}
	fmt.Fprintf(out, "%s %s: %d sessions in %d s\n", mark, name, r.Sessions, r.Seconds)
	if r.Problem != "" {
		fmt.Fprintf(out, "     the suite: %s\n", r.Problem)
	}
	for i, s := range r.Surprises {
		if i == maxPrinted {
			fmt.Fprintf(out, "     and %d more\n", len(r.Surprises)-maxPrinted)
			break
		}
		fmt.Fprintf(out, "     %s\n", s)
	}
	if !r.Good() {
		fmt.Fprintf(out, "     logs, and the gate's journal: %s\n", work)
	}
}

// Running are the command lines of the processes that a program has, by its path as they see it, and that count, if that is
// not nil, counts by their directories in /proc. What a command line begins with is its caller's choice, and a refresher's is
// no path.
func Running(program string, count func(process string) bool) (lines []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range all {
		if exe, err := os.Readlink(filepath.Join(process, "exe")); err != nil || exe != program || count != nil && !count(process) {
			continue
		}
		words, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		lines = append(lines, strings.ReplaceAll(strings.TrimRight(string(words), "\x00"), "\x00", " "))
	}
	return lines
}
