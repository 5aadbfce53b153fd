package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/exit"
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
	remarkable := filepath.Join(dir, "remarkable.conf")
	if err := os.WriteFile(remarkable, []byte("spark.eventLog.dir s3a://jobs/events\n"), 0o600); err != nil {
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
			[]string{"rolechain: -conf: read 2 properties of spark-defaults.conf in " + existing + "\n", "warning: -conf: " + existing + " (spark-defaults.conf, line 1): spark.executorEnv.AWS_PROFILE gives SDKs other credentials"}, ""},
		{"against two", []string{"-for", "spark-submit", "-release", "spark-4.0", "-conf", existing, "-conf", existing}, 0, "#!/bin/sh\n", []string{"read 2 properties"}, ""},
		{"with a remark", []string{"-for", "spark-submit", "-release", "spark-4.0", "-job-bucket", "jobs", "-delivery", "endpoint", "-conf", remarkable}, 0, "#!/bin/sh\n",
			[]string{"rolechain: -conf: " + remarkable + " (spark-defaults.conf, line 1): spark.eventLog.dir is in the bucket jobs: the driver writes it as the job execution role\n  hint: "}, ""},
		{"-diff alone", []string{"-for", "emr", "-release", "emr-7.10.0", "-diff"}, 64, "", []string{"-diff and -in-place are for -merge"}, ""},
		{"-merge and -conf", []string{"-merge", existing, "-conf", existing}, 64, "", []string{"-merge stands without -conf and -out"}, ""},
		{"standard input in place", []string{"-merge", "-", "-in-place"}, 64, "", []string{"-in-place changes a file"}, ""},
		{"a program of Airflow", []string{"-conf", "dag.py", "-for", "emr", "-release", "emr-7.10.0"}, 78, "", []string{"-conf: open dag.py"}, ""},
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
	run(append(forSparkConf, "-for", "emr", "-release", "emr-7.10.0", "-delivery", "endpoint", "-job-bucket", "jobs", "-without-jar", "-conf", existing), settings.Environment{}, &stdout, &stderr)
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

// The team's job goes in, and the same job comes out: printed, as a diff, or in its place.
func TestSparkConfMerge(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.yaml")
	const before = "# ours\nkind: SparkApplication\nspec:\n  sparkVersion: 4.0.1\n  sparkConf:\n    spark.a: \"1\" # one\n  driver:\n    cores: 1\n"
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	merge := func(code int, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(append(append(forSparkConf, "-merge", file, "-delivery", "endpoint"), args...), settings.Environment{}, &out, &errs); got != code {
			t.Errorf("%q: exit code %d\n%s", args, got, &errs)
		}
		return out.String(), errs.String()
	}
	content := func() string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	write(before)
	printed, said := merge(0)
	if !strings.HasPrefix(printed, before[:strings.Index(before, "  driver")]) || !strings.HasSuffix(printed, "  driver:\n    cores: 1\n") || !strings.Contains(printed, "    spark.executorEnv.CLIENT_ROLE_ARN: \"arn:aws:iam::222222222222:role/client-role-2\"\n") {
		t.Errorf("%s", printed)
	}
	if !strings.Contains(said, "rolechain: -merge: read 1 property of SparkApplication in "+file+"\n") || strings.Contains(said, "is not given") {
		t.Errorf("%s", said)
	}
	diff, _ := merge(0, "-diff")
	for line := range strings.Lines(diff) {
		if strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "--- ") {
			t.Errorf("%q is taken out", line)
		}
	}
	if !strings.Contains(diff, "+    spark.executorEnv.ROLE_CHAIN_DELIVERY: \"endpoint\"\n") || content() != before {
		t.Errorf("%s", diff)
	}
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if out, _ := merge(0, "-in-place"); out != "" || content() != printed {
		t.Errorf("%q\n%s", out, content())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if diff, _ := merge(0, "-diff"); diff != "" {
		t.Errorf("merging again: %s", diff)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}

	conflict := strings.Replace(before, "spark.a", "spark.executorEnv.AWS_PROFILE", 1)
	write(conflict)
	for _, args := range [][]string{nil, {"-diff"}, {"-in-place"}} {
		if out, said := merge(65, args...); out != "" || content() != conflict || !strings.Contains(said, "error: -merge: "+file+" (SparkApplication, line 6, $.spec.sparkConf['spark.executorEnv.AWS_PROFILE']): ") {
			t.Errorf("%q, %s", out, said)
		}
	}
}

// A file is replaced only where this user may write it, and keeps its owner. What is no file is not replaced.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0) // so that it can be opened for writing
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, path := range []string{fifo, dir, "/dev/null", filepath.Join(dir, "none")} {
		if err := replaceFile(path, []byte("new")); err == nil || !strings.HasPrefix(err.Error(), "-in-place: ") || exit.CodeOf(err) != exit.NoFiles {
			t.Errorf("%s: %v", path, err)
		}
	}
	if info, err := os.Lstat(fifo); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the FIFO is %v, %v", info.Mode(), err)
	}
	owner := os.Getuid()
	if owner == 0 {
		owner = 65534
		if err := os.Chown(file, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	if err := replaceFile(file, []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != owner {
		t.Errorf("the owner is another one: %v, %v", info.Sys(), err)
	}
	if os.Getuid() == 0 { // who may write every file
		return
	}
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(file, []byte("newer")); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a file that may not be written: %v", err)
	}
}
