package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolechain/bench/internal/rig"
	"rolechain/internal/sdktest"
)

// One round of everything: each start has left behind what it should, or the bench fails.
func TestRun(t *testing.T) {
	disk := t.TempDir()
	t.Setenv("TMPDIR", disk)
	bench := func(o options) (string, error) {
		t.Helper()
		var out strings.Builder
		err := rig.Run(t.Context(), o.bench, &out)
		return out.String(), err
	}
	lazy := filepath.Join(t.TempDir(), "lazy")
	if err := rig.Install(lazy, []byte("#!/bin/sh\nexec \"$ROLE_CHAIN_ENTRYPOINT\"\n")); err != nil {
		t.Fatal(err)
	}
	if out, err := bench(options{rounds: 1, also: lazy}); err == nil || !strings.Contains(err.Error(), "it left") {
		t.Errorf("an entrypoint that writes nothing gives %v\n%s", err, out)
	}
	out, err := bench(options{rounds: 1})
	for _, name := range []string{"floor", "the floor, another copy", "the original alone", "tini", "bash script, first start", "bash script, second start", "rolechain, first start", "rolechain, second start", "rolechain, pass-through"} {
		if err != nil || !regexp.MustCompile(`(?m)^`+name+`.*(\d\.\d\d \(\d.*| 1 .*|is not on PATH)$`).MatchString(out) {
			t.Errorf("%s is not in the table: %v\n%s", name, err, out)
		}
	}
	out, err = bench(options{profile: true})
	for _, want := range []string{`rolechain, first start +\d+ +\d+`, `rolechain, first start: package init`, `  all packages +\d+`} {
		if err != nil || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s is not in the profile: %v\n%s", want, err, out)
		}
	}
	if left, _ := os.ReadDir(disk); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A ratio is that of the same rounds.
func TestTable(t *testing.T) {
	argv := []string{"/program"}
	floor := &contender{name: "floor", home: "-", argv: argv, times: []float64{1000, 2000, 3000}}
	script := &contender{name: "script", home: "disk", argv: argv, times: []float64{4000, 8000, 12000}}
	ours := &contender{name: "ours", home: "disk", argv: argv, times: []float64{1500, 3000, 4500}, script: script}
	other := &contender{name: "other", home: "disk", argv: argv, times: []float64{3000, 6000, 9000}, script: script, present: ours}
	tini := &contender{name: "tini", home: "-", argv: []string{""}}
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
	written := map[string]string{}
	err := rig.Run(t.Context(), func(_ context.Context, w *rig.Workspace, _ io.Writer) error {
		list, err := contenders(w, "")
		for _, c := range list {
			if !c.first || err != nil {
				continue
			}
			if _, err = c.start(w.Spawner); err == nil {
				var data []byte
				data, err = os.ReadFile(filepath.Join(c.aws, "config"))
				written[c.name] = string(data)
			}
		}
		return err
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if script := written["bash script, first start"]; script == "" || script != written["rolechain, first start"] {
		t.Errorf("script.sh is out of date:\n%s\nrolechain writes:\n%s", script, written["rolechain, first start"])
	}
}
