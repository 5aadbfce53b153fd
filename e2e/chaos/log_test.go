package main

import (
	"strings"
	"testing"
	"time"
)

// A container may end before its log is to be filled, and while it is full.
func TestStopLog(t *testing.T) {
	for _, ends := range []string{"before", "meanwhile", "after"} {
		t.Run(ends, func(t *testing.T) {
			l, err := newLog()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.w.WriteString("a line\n"); err != nil {
				t.Fatal(err)
			}
			if ends == "before" {
				l.w.Close()
				if !l.drained(time.Minute) {
					t.Fatal("the log goes on")
				}
			}
			resume, err := l.stop()
			if err != nil {
				t.Fatal(err)
			}
			if ends == "meanwhile" {
				l.w.Close()
			}
			if err := resume(); err != nil {
				t.Fatal(err)
			}
			if ends == "after" {
				l.w.Close()
			}
			if !l.drained(time.Minute) {
				t.Fatal("the log goes on")
			}
			if got := l.String(); strings.TrimSpace(got) != "a line" {
				t.Errorf("the log is %.100q", got)
			}
		})
	}
}
