package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/e2e/jobs"
	"rolechain/internal/ststest"
	"rolechain/internal/suitetest"
)

func TestSearchSecrets(t *testing.T) {
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{ARN: jobs.BaseARN}}}})
	if err != nil {
		t.Fatal(err)
	}
	secret := sts.Token(subject)
	for name, want := range map[string]bool{"driver.log": true, "driver/home/.aws/config": true, "driver/home/.aws/credentials": true, "token": false} {
		w := &world{Order: Order{Run: Run{Delivery: jobs.Endpoint}, World: jobs.World{Work: t.TempDir(), STS: sts}}}
		path := filepath.Join(w.Work, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("before "+secret+" behind"), 0o644)); err != nil {
			t.Fatal(err)
		}
		var told []string
		surprise := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
		if w.searchSecrets(surprise); len(told) > 0 != want {
			t.Errorf("%s: %q", name, told)
		}
		told, w.Run.Delivery = nil, jobs.File // in which the credentials file is there to hold keys
		if w.searchSecrets(surprise); len(told) > 0 != (want && filepath.Base(name) != "credentials") {
			t.Errorf("%s in file delivery: %q", name, told)
		}
	}
}

func TestReadCommand(t *testing.T) {
	line := "-cp a:b -Xmx768M -Dspark.driver.port=1 --add-opens=java.base/java.net=ALL-UNNAMED -Daws.profile=x org.apache.spark.executor.CoarseGrainedExecutorBackend " +
		"--driver-url spark://d --executor-id 1 --hostname h --cores 1 --app-id app-1 --worker-url spark://w"
	wanted, options, err := readCommand(strings.Fields(line))
	if err != nil || wanted["--executor-id"] != "1" || wanted["-Xmx"] != "768M" || wanted["--app-id"] != "app-1" {
		t.Errorf("%v, %v", wanted, err)
	}
	if got := strings.Join(options, " "); got != "-Dspark.driver.port=1 --add-opens=java.base/java.net=ALL-UNNAMED -Daws.profile=x" {
		t.Errorf("options %q", got)
	}
	if _, _, err := readCommand([]string{"-version"}); err == nil {
		t.Error("another command line is taken for an executor's")
	}
}

// A driver that failed is told with its own reason, not with the stack or the shutdown behind it.
func TestReason(t *testing.T) {
	w := &world{Order: Order{World: jobs.World{Work: t.TempDir(), Plan: jobs.Plan{Program: "job.py"}}}}
	write := func(lines ...string) {
		if err := os.WriteFile(filepath.Join(w.Work, "driver.log"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("INFO start", "2026-01-02T03:04:05Z rolechain: error: no session", "job.py: no rows", "INFO shutdown", "INFO a", "INFO b", "INFO c", "INFO d")
	if got := w.reason(); got != "2026-01-02T03:04:05Z rolechain: error: no session | job.py: no rows" {
		t.Errorf("%q", got)
	}
	write("1", "2", "3", "4", "5", "6")
	if got := w.reason(); got != "2 | 3 | 4 | 5 | 6" {
		t.Errorf("%q", got)
	}
}

// Every case but the nightly ones is in the fixed part in endpoint delivery on the Sparks that EMR has, and has a control in it.
func TestRuns(t *testing.T) {
	got := map[string]bool{}
	controls := map[int]bool{}
	for _, r := range allRuns() {
		if r.fixed() {
			got[r.Name()] = true
			if r.control() {
				controls[r.Case] = true
			}
		}
	}
	for n, c := range jobs.Cases {
		if c.Nightly {
			for _, spark := range sparkVersions {
				if name := (Run{Case: n + 1, Spark: spark, Delivery: jobs.Endpoint}).Name(); got[name] {
					t.Errorf("%s is in the fixed part", name)
				}
			}
			continue
		}
		for _, spark := range []string{"3.5", "4.0"} {
			if name := (Run{Case: n + 1, Spark: spark, Delivery: jobs.Endpoint}).Name(); !got[name] {
				t.Errorf("the fixed part lacks %s", name)
			}
		}
		if !controls[n+1] {
			t.Errorf("the fixed part has no control of case %d", n+1)
		}
	}
	for _, bad := range []suitetest.Names{{fmt.Sprint(len(jobs.Cases) + 1)}, {"x"}} {
		if _, err := filter(allRuns(), false, bad, nil, nil); err == nil {
			t.Errorf("%q selects something", bad)
		}
	}
	runs, err := filter(allRuns(), true, suitetest.Names{"5"}, suitetest.Names{"4.0"}, nil)
	if err != nil || len(runs) != 2 {
		t.Errorf("%v, %v", runs, err)
	}
}
