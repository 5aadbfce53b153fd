package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestParseRollup(t *testing.T) {
	const text = `55d0c0a00000-7ffd3b5f6000 ---p 00000000 00:00 0                          [rollup]
Rss:                9000 kB
Pss:                4000 kB
Shared_Clean:       5000 kB
Private_Clean:       300 kB
Private_Dirty:      2000 kB
Anonymous:          2100 kB
THPeligible:    0
`
	if got, err := parseRollup(text); err != nil || got != (footprint{2300, 2100, 9000}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseRollup(strings.Replace(text, "Anonymous", "Nonymous", 1)); err == nil || !strings.Contains(err.Error(), "Anonymous") {
		t.Errorf("a line that is not there gives %v", err)
	}
}

func TestParentOf(t *testing.T) {
	for stat, want := range map[string]int{"7 (a) b (c) S 12 7 7": 12, "7 (cat) S": 0, "": 0} {
		if got := parentOf(stat); got != want {
			t.Errorf("parentOf(%q) = %d, want %d", stat, got, want)
		}
	}
}

func TestOnlyChild(t *testing.T) {
	if pid, err := onlyChild(os.Getpid()); err == nil {
		t.Errorf("nobody's child is %d", pid)
	}
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if pid, err := onlyChild(os.Getpid()); err != nil || pid != cmd.Process.Pid {
		t.Errorf("the child is %d, %v, want %d", pid, err, cmd.Process.Pid)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
