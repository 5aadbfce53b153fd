package jobs

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Whoever reads the output sees the first surprises, and where the rest is.
func TestTell(t *testing.T) {
	told := func(r Result) string {
		var out strings.Builder
		r.Tell(&out, "case 1", "runs/case-1")
		return out.String()
	}
	if got := told(Result{Sessions: 6, Seconds: 7}); got != "ok   case 1: 6 sessions in 7 s\n" {
		t.Errorf("%q", got)
	}
	if got := told(Result{Problem: "no cluster"}); got != "FAIL case 1: 0 sessions in 0 s\n     the suite: no cluster\n     logs, and the gate's journal: runs/case-1\n" {
		t.Errorf("%q", got)
	}
	many := Result{Surprises: slices.Repeat([]string{"by job"}, maxPrinted+2)}
	if got := told(many); strings.Count(got, "by job") != maxPrinted || !strings.Contains(got, "and 2 more\n") {
		t.Errorf("%q", got)
	}
	for want, r := range map[string]Result{"good": {}, "NOT RUN": {Problem: "x", Surprises: []string{"y"}}, "FAILED": many} {
		if got := r.Word("good"); got != want || r.Good() != (want == "good") {
			t.Errorf("%+v: %q", r, got)
		}
	}
}

// A process is known by its program, whatever it is called by.
func TestRunning(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rolechain")
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(sleep)
	if err == nil {
		err = os.WriteFile(program, code, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := Running(program, nil); len(got) > 0 {
		t.Errorf("before it runs: %q", got)
	}
	cmd := exec.Cmd{Path: program, Args: []string{"sleep", "600"}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for late := time.Now().Add(time.Minute); !slices.Equal(got, []string{"sleep 600"}) && time.Now().Before(late); {
		got = Running(program, nil) // Start returns in the middle of the execve, before the process has its arguments
	}
	none := Running(program, func(process string) bool { return process != filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid)) })
	cmd.Process.Kill()
	cmd.Wait()
	if !slices.Equal(got, []string{"sleep 600"}) {
		t.Errorf("while it runs: %q", got)
	}
	if len(none) > 0 {
		t.Errorf("while it runs and does not count: %q", none)
	}
	if got := Running(program, nil); len(got) > 0 {
		t.Errorf("after its end: %q", got)
	}
}
