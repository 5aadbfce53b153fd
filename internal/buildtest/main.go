package buildtest

import (
	"fmt"
	"os"
	"testing"
)

// Main is the TestMain of tests that run the programs as they are shipped. It builds them, and more, into a temporary directory,
// calls prepare with it, unless that is nil, runs the tests and removes the directory.
//
// With the race detector it runs none of them, because that sees nothing of such programs.
func Main(m *testing.M, prepare func(dir string) error, more ...string) {
	if underRace {
		fmt.Println("SKIPPED: the race detector sees nothing of programs as they are shipped")
		return
	}
	dir, err := os.MkdirTemp("", "programs-")
	if err == nil {
		err = Programs(dir, more...)
	}
	if err == nil && prepare != nil {
		err = prepare(dir)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// SkipUnderRace is Main's rule for one test among others.
func SkipUnderRace(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("SKIPPED: the race detector sees nothing of programs as they are shipped")
	}
}
