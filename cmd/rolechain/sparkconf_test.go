package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/settings"
)

var forSparkConf = []string{"spark-conf", "-client-role", "arn:aws:iam::222222222222:role/client-role-2", "-job-role", "arn:aws:iam::111111111111:role/job-execution-role-1"}

// What goes where: the result to stdout or into files, what there is to know to stderr.
func TestSparkConf(t *testing.T) {
	dir := t.TempDir()
	existing := filepath.Join(dir, "spark-defaults.conf")
	if err := os.WriteFile(existing, []byte("spark.executorEnv.AWS_PROFILE dev\nspark.driver.extraJavaOptions -Xss2m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "new", "out")
	for _, test := range []struct {
		name   string
		args   []string
		code   int
		stdout string // begin
		stderr []string
		files  string
	}{
		{"to stdout", []string{"-for", "spark-submit", "-release", "spark-4.0"}, 0, "#!/bin/sh\n# ", []string{"rolechain: warning: -image is not given: IMAGE stands in its place\n  hint: replace it\n"}, ""},
		{"against a configuration", []string{"-for", "emr", "-release", "emr-7.10.0", "-delivery", "endpoint", "-job-bucket", "jobs", "-conf", existing}, 0, "{\n  \"name\":",
			[]string{"warning: -conf: spark.executorEnv.AWS_PROFILE gives SDKs other credentials"}, ""},
		{"into a directory", []string{"-for", "pod-template", "-release", "spark-4.0", "-image", "i", "-out", out}, 0, "", nil, "driver.yaml executor.yaml spark-defaults.conf"},
		{"bad values", []string{"-for", "emr", "-release", "emr-7.10.0", "-job-bucket", "B", "-set", "X=1"}, 78, "", []string{`error: -job-bucket: "B"`, `error: -set: "X=1"`}, ""},
		{"no directory", []string{"-for", "pod-template", "-release", "spark-4.0"}, 64, "", []string{"-out is missing"}, ""},
		{"a directory that is a file", []string{"-for", "emr", "-release", "emr-7.10.0", "-out", existing}, 73, "", []string{"error: -out: "}, ""},
		{"an unknown flag", []string{"-form", "emr"}, 64, "", []string{"flag provided but not defined: -form"}, ""},
		{"an argument", []string{"emr"}, 64, "", []string{`"emr" is no flag`}, ""},
		{"the job's arguments", []string{"-for", "spark-submit", "-release", "spark-4.0", "--", "-x", "a b"}, 0, "#!/bin/sh\n# ", nil, ""},
		{"a configuration that is not there", []string{"-for", "emr", "-release", "emr-7.10.0", "-conf", dir + "/none"}, 78, "", []string{"-conf: open "}, ""},
		{"a configuration that is none", []string{"-for", "emr", "-release", "emr-7.10.0", "-conf", "/dev/null/x"}, 78, "", []string{"-conf: "}, ""},
		{"help", []string{"-h"}, 0, "usage: rolechain spark-conf FLAG... [-- ARGUMENT...]\n", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(append(forSparkConf, test.args...), settings.Environment{}, &stdout, &stderr)
			if code != test.code || !strings.HasPrefix(stdout.String(), test.stdout) || (stdout.Len() > 0) != (test.stdout != "") {
				t.Errorf("exit code %d\n--- stdout\n%s--- stderr\n%s", code, &stdout, &stderr)
			}
			for _, want := range test.stderr {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("stderr lacks %q:\n%s", want, &stderr)
				}
			}
			if test.files == "" {
				return
			}
			entries, err := os.ReadDir(out)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); err != nil || got != test.files {
				t.Errorf("files %s, %v", got, err)
			}
		})
	}
}

// The job's own options stay beside ours.
func TestSparkConfKeepsOptions(t *testing.T) {
	existing := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(existing, []byte("spark.driver.extraJavaOptions -Xss2m"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	run(append(forSparkConf, "-for", "emr", "-release", "emr-7.10.0", "-delivery", "endpoint", "-job-bucket", "jobs", "-conf", existing), settings.Environment{}, &stdout, &stderr)
	var request struct {
		ConfigurationOverrides struct {
			ApplicationConfiguration []struct{ Properties map[string]string }
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &request); err != nil {
		t.Fatal(err)
	}
	if got := request.ConfigurationOverrides.ApplicationConfiguration[0].Properties["spark.driver.extraJavaOptions"]; got != "-Xss2m -Daws.profile=job-execution-role" {
		t.Errorf("%q", got)
	}
}
