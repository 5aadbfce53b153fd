package main

import (
	"fmt"
	"io"
	"strings"
)

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
		if r.Run.control() {
			word = "failed, as it should"
		}
		fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %d | %d | %s |\n", r.Run.Case, r.Run.Spark, delivery, tls, strings.Join(r.Roles, "; "), r.Sessions, r.Seconds, r.Word(word))
	}
}
