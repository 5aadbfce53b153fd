package main

import (
	"fmt"
	"io"
	"strings"
)

func (r Result) good() bool { return r.Problem == "" && len(r.Surprises) == 0 }

// maxPrinted is how many surprises of a run are printed: a wrong role shows in every request.
const maxPrinted = 8

// tell prints what became of a run, as it ends.
func tell(out io.Writer, r Result, work string) {
	mark := "ok  "
	if !r.good() {
		mark = "FAIL"
	}
	fmt.Fprintf(out, "%s %s: %d sessions in %d s\n", mark, r.Run, r.Sessions, r.Seconds)
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
	if !r.good() {
		fmt.Fprintf(out, "     logs, and the gate's journal: %s\n", work)
	}
}

// table prints all of them.
func table(out io.Writer, results []Result) {
	fmt.Fprint(out, "\n| case | Spark | delivery | S3A | roles seen | sessions | seconds | |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		delivery, tls, word := r.Run.Delivery, "TLS", "as it should be"
		if r.Run.Node {
			delivery += ", node's role in reach"
		}
		if r.Run.Plain {
			tls = "plain"
		}
		switch {
		case r.Problem != "":
			word = "NOT RUN"
		case !r.good():
			word = "FAILED"
		case r.Run.control():
			word = "failed, as it should"
		}
		fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %d | %d | %s |\n", r.Run.Case, r.Run.Spark, delivery, tls, strings.Join(r.Roles, "; "), r.Sessions, r.Seconds, word)
	}
}
