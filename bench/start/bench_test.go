package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolechain/bench/internal/rig"
	"rolechain/internal/sdktest"
)

// One round of everything: each start has left behind what it should, or run fails.
func TestRun(t *testing.T) {
	disk := t.TempDir()
	bench := func(want int, args ...string) string {
		t.Helper()
		var out, errs strings.Builder
		if code := run(append([]string{"-rounds", "1", "-disk", disk}, args...), &out, &errs); code != want {
			t.Errorf("exit code %d\n%s%s", code, &out, &errs)
		}
		return out.String()
	}
	bench(1, "-also", "shell=/bin/sh") // no entrypoint
	out := bench(0)
	for _, name := range []string{"floor", "the floor, another copy", "the original alone", "tini", "bash script, first start", "bash script, second start", "rolechain, first start", "rolechain, second start", "rolechain, pass-through"} {
		if !regexp.MustCompile(`(?m)^` + name + `.*(\d\.\d\d \(\d.*| 1 .*|is not on PATH|are on PATH)$`).MatchString(out) {
			t.Errorf("%s is not in the table:\n%s", name, out)
		}
	}
	out = bench(0, "-profile")
	for _, want := range []string{`rolechain, first start +\d+ +\d+`, `rolechain, first start: package init`, `  all packages +\d+`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s is not in the profile:\n%s", want, out)
		}
	}
	if left, _ := os.ReadDir(disk); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-also", "x"}, {"-also", "=x"}, {"x"}, {"-nosuch"}} {
		bench(2, args...)
	}
}

// A ratio is that of the same rounds.
func TestTable(t *testing.T) {
	floor := &contender{name: "floor", times: []float64{1000, 2000, 3000}}
	script := &contender{name: "script", home: "disk", times: []float64{4000, 8000, 12000}}
	ours := &contender{name: "ours", home: "disk", times: []float64{1500, 3000, 4500}, script: script}
	other := &contender{name: "other", home: "disk", times: []float64{3000, 6000, 9000}, script: script, present: ours}
	tini := &contender{name: "tini", missing: "it is not on PATH"}
	var out strings.Builder
	if err := table(&out, []*contender{floor, tini, ours, other}); err != nil {
		t.Fatal(err)
	}
	if got, want := "\n"+out.String(), `
start  HOME  to floor (aim 1.50)  to script (aim 0.40)  median µs  to this tree's
floor  -     1                    -                     2          -
tini   -     not measured: it is not on PATH
ours   disk  1.50 (1.50-1.50)  0.38 (0.38-0.38)  3  -
other  disk  3.00 (3.00-3.00)  0.75 (0.75-0.75)  6  2.00 (2.00-2.00)
`; got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

// The comparison with the script is fair only as long as both write the same.
func TestScriptWritesTheSameFile(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil && os.Getenv(sdktest.RequireTools) == "1" {
		t.Fatal(err)
	} else if err != nil {
		t.Skip("SKIPPED: needs bash")
	}
	dir := t.TempDir()
	s, err := rig.NewSpawner(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, err := assemble(dir, s, []rig.Place{{Name: "here", Dir: dir}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for _, c := range list {
		if c.first {
			if _, err := c.start(s); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(c.aws, "config"))
			if err != nil {
				t.Fatal(err)
			}
			written[c.name] = string(data)
		}
	}
	if script := written["bash script, first start"]; script == "" || script != written["rolechain, first start"] {
		t.Errorf("script.sh is out of date:\n%s\nrolechain writes:\n%s", script, written["rolechain, first start"])
	}
}
