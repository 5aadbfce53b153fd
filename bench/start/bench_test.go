package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"rolechain/bench/internal/places"
	"rolechain/bench/internal/spawn"
	"rolechain/internal/sdktest"
)

// One round of everything: each start has left behind what it should, or run fails.
func TestRun(t *testing.T) {
	var out, errs strings.Builder
	disk := t.TempDir()
	if code := run(t.Context(), []string{"-rounds", "1", "-disk", disk, "-also", "shell=/bin/sh"}, &out, &errs); code != exitFailed {
		t.Errorf("a candidate that is no entrypoint: exit code %d\n%s%s", code, &out, &errs)
	}
	out.Reset()
	errs.Reset()
	if code := run(t.Context(), []string{"-rounds", "1", "-disk", disk}, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
	}
	for _, name := range []string{"floor", "the original alone", "tini", "bash script", "rolechain, first start", "rolechain, second start", "rolechain, pass-through"} {
		if !strings.Contains(out.String(), "\n"+name) {
			t.Errorf("%s is not in the table:\n%s", name, &out)
		}
	}
	if left, _ := os.ReadDir(disk); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-also", "x"}, {"-also", "=x"}, {"x"}, {"-nosuch"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != exitUsage || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", args, code, &out, &errs)
		}
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
	p, err := build(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := &field{programs: p, token: dir + "/token"}
	if err := os.WriteFile(f.token, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := spawn.New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	written := map[string]string{}
	for name, argv := range map[string][]string{"script": {p.bash, p.script, p.target}, "rolechain": {p.entrypoint}} {
		list, err := f.chained(name, argv, []places.Place{{Dir: dir}})
		if err != nil {
			t.Fatal(err)
		}
		var h home
		for _, v := range list[0].env {
			if dir, ok := strings.CutPrefix(v, "HOME="); ok {
				h = home(dir)
			}
		}
		if _, err := once(s, list[0]); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(h.config())
		if err != nil {
			t.Fatal(err)
		}
		written[name] = string(data)
	}
	if written["script"] != written["rolechain"] {
		t.Errorf("script.sh is out of date:\n%s\nrolechain writes:\n%s", written["script"], written["rolechain"])
	}
}
