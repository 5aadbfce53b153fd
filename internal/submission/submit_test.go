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

// A job in Java has its main class in every form, and its arguments behind the jar.
func TestClass(t *testing.T) {
	for form, want := range map[Form][]string{
		SparkSubmit: {"  --class com.example.Job \\\n", "s3a://jobs-1/job.jar one \"$@\"\n"},
		Operator:    {"  type: Java\n  mainClass: \"com.example.Job\"\n", "mainApplicationFile: \"s3a://jobs-1/job.jar\""},
		EMR:         {`"sparkSubmitParameters": "--class com.example.Job"`, `"entryPoint": "s3a://jobs-1/job.jar"`},
	} {
		s, err := Make(request(func(r *Request) {
			r.Form, r.Class, r.EntryPoint, r.Arguments = form, "com.example.Job", "s3a://jobs-1/job.jar", []string{"one"}
			if form == EMR {
				r.Release = "emr-7.14.0"
			}
		}))
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		text := string(s.Files()[0].Data)
		for _, w := range want {
			if !strings.Contains(text, w) || strings.Contains(text, "pythonVersion") {
				t.Errorf("%s: no %q, or a version of Python, in\n%s", form, w, text)
			}
		}
	}
	s, err := Make(request(func(r *Request) { r.Form, r.EntryPoint = Operator, "s3a://jobs-1/job.jar" }))
	if err != nil || !strings.Contains(string(s.Files()[0].Data), "  type: Java\n  mode") {
		t.Errorf("%v\n%s", err, s.Files()[0].Data)
	}
}
