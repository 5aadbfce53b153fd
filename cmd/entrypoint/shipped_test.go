package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// likeEMR gives the job a stderr as EMR's entrypoint does: a pipe to tee, which writes the container's log and the file that
// is shipped. It begins when a file is there.
const likeEMR = `while ! test -e "$BEGIN"; do sleep 0.01; done
exec sh -c 'echo job >&2; exec sleep 3600' 2> >(exec tee "$SHIPPED" >&2)
`

var keyed = regexp.MustCompile(`session refreshed .*(key="…[A-Z0-9]+" expires="[^"]+")`)

// What the refresher says while the job runs is in the log that EMR ships as well as in the container's, each line once:
// those of a successor, and of the supervisor, too. What was said before is in the container's alone, and a summary of it in
// both.
func TestShippedLog(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: needs bash")
	}
	sts := chainOf(t, 4)
	home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_ENTRYPOINT=bash")
	shipped, begin := filepath.Join(home, "shipped"), filepath.Join(home, "begin")
	cmd := entrypoint(t, append(env, "SHIPPED="+shipped, "BEGIN="+begin), "-c", likeEMR)
	j := &job{T: t, sts: sts, home: home, stderr: &log{}}
	cmd.Stderr = j.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.until("the first session", func() bool { return strings.Contains(j.stderr.String(), "first session") })
	j.until("a session from before the job has a stderr of its own", func() bool { return keyed.MatchString(j.stderr.String()) })
	if err := os.WriteFile(begin, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := func() string { data, _ := os.ReadFile(shipped); return string(data) }
	j.until("the summary", func() bool { return strings.Contains(file(), "role chain: "+jobRole+" > "+clientRole+" delivery=") })
	j.until("sessions", func() bool { return len(keyed.FindAllString(file(), -1)) >= 2 })
	j.kill(j.refreshers()[1])
	j.until("the supervisor's line", func() bool { return strings.Contains(file(), "warning: the refresher is started again") })
	n := len(keyed.FindAllString(file(), -1))
	j.until("a session of the successor", func() bool { return len(keyed.FindAllString(file(), -1)) > n })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // until the refresher and tee have ended, too
	for _, l := range []struct{ name, text string }{{"shipped", file()}, {"container's", j.stderr.String()}} {
		if strings.Count(l.text, " delivery=\"endpoint\"") != 1 || strings.Count(l.text, "\njob\n")+strings.Count(l.text[:4], "job\n") != 1 {
			t.Errorf("the %s log:\n%s", l.name, l.text)
		}
		seen := map[string]int{}
		for _, m := range keyed.FindAllStringSubmatch(l.text, -1) {
			if seen[m[1]]++; seen[m[1]] > 1 {
				t.Errorf("the %s log has %s twice", l.name, m[1])
			}
		}
	}
	for line := range strings.Lines(file()) {
		if strings.Count(j.stderr.String(), line) != 1 {
			t.Errorf("the container's log has %d times %q", strings.Count(j.stderr.String(), line), line)
		}
	}
	if strings.Contains(file(), "first session") || bytes.Contains([]byte(file()), []byte("took=")) {
		t.Errorf("shipped is what was said before the job:\n%s", file())
	}
}

// Without a tee there is one log, and each line is in it once.
func TestLogWithoutTee(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 3)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint")
	j.until("two sessions", func() bool { return len(keyed.FindAllString(j.stderr.String(), -1)) >= 2 })
	j.end()
	said := j.stderr.String()
	seen := map[string]int{}
	for _, m := range keyed.FindAllStringSubmatch(said, -1) {
		seen[m[1]]++
	}
	for key, n := range seen {
		if n > 1 {
			t.Errorf("%s is there %d times", key, n)
		}
	}
	if strings.Count(said, "role chain: ") != 1 || strings.Count(said, "first session") != 1 {
		t.Errorf("said:\n%s", said)
	}
}
