package submission

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A shell hands spark-submit the job's arguments as they were given, and executes nothing of them.
func TestScriptArguments(t *testing.T) {
	dir := t.TempDir()
	arguments := []string{"it's", "'; touch " + dir + "/executed; '", "$HOME `id` \\ \"x\"", "--conf", "*"}
	s, err := Make(request(func(r *Request) { r.Arguments = slices.Clone(arguments) }))
	if err != nil {
		t.Fatal(err)
	}
	stub := "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "spark-submit"), []byte(stub), 0o700); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "submit.sh")
	if err := os.WriteFile(script, s.Files()[0].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", script, "one more")
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	want := append(arguments, "one more")
	if got := words[max(0, len(words)-len(want)):]; !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "executed")); err == nil {
		t.Error("an argument was executed")
	}
}
