package main

import (
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/suitetest"
)

// A case's name is its namespace's.
func TestCases(t *testing.T) {
	label := regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)
	seen := map[string]bool{}
	for _, c := range all() {
		if !label.MatchString(c.Name) || seen[c.Name] || c.run == nil || c.about == "" || c.plan.Stock == nil || c.plan.Holds == nil {
			t.Errorf("case %q: %+v", c.Name, c)
		}
		seen[c.Name] = true
	}
}

// Whatever runs with an image of ours runs injected as well, in the target, unless it says why not.
func TestInjected(t *testing.T) {
	names := map[string]bool{}
	for _, c := range all() {
		names[c.Name] = true
		if strings.HasSuffix(c.Name, "-injected") && (c.Fixed || !c.injected) {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	for _, c := range cases {
		if want := !c.injected && !c.itself; names[c.Name+"-injected"] != want {
			t.Errorf("%s is run injected: %v", c.Name, !want)
		}
	}
}

func TestSample(t *testing.T) {
	text := "# TYPE a counter\na_total{p=\"x\"} 3\na_total{p=\"xy\"} 4\nb NaN\n# EOF\n"
	for series, want := range map[string]float64{`a_total{p="x"}`: 3, `a_total{p="xy"}`: 4, "a_total": -1, "c": -1} {
		if got := sample(text, series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if got := sample(text, "b"); !math.IsNaN(got) {
		t.Errorf("b is %v", got)
	}
}

func TestFilter(t *testing.T) {
	fixed, err := filter(all(), true, nil)
	if err != nil || len(fixed) == 0 || len(fixed) == len(all()) {
		t.Errorf("%d of %d cases are fixed, %v", len(fixed), len(all()), err)
	}
	one, err := filter(all(), false, suitetest.Names{"restarted"})
	if err != nil || len(one) != 1 {
		t.Errorf("%v, %v", one, err)
	}
	for _, bad := range []suitetest.Names{{"none"}, {"long-job", "none"}} {
		if _, err := filter(all(), false, bad); err == nil {
			t.Errorf("%q selects something", bad)
		}
	}
}

// A part in which nothing is left would pass.
func TestNothingLeft(t *testing.T) {
	if left, err := filter([]Case{{Name: "slow"}, {Name: "quick", Fixed: true}}, true, suitetest.Names{"slow"}); err == nil {
		t.Errorf("%v", left)
	}
}

// The image's environment is the stand-in's, as its Dockerfile has it.
func TestImageEnv(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	env, err := (&Suite{root: root}).imageEnv()
	if err != nil || !slices.Contains(env, "SPARK_HOME=/usr/lib/spark") || !slices.Contains(env, "JAVA_HOME=/etc/alternatives/jre") {
		t.Errorf("%q, %v", env, err)
	}
	if strings.Contains(strings.Join(env, "\n"), `\`) {
		t.Errorf("%q", env)
	}
}

// Driver and executor have EMR's shape: everything but /mnt is the log shipper's as well.
func TestEMRPod(t *testing.T) {
	for _, driver := range []bool{true, false} {
		containers := spec(emrPod(driver))["containers"].([]object)
		shipper, main := containers[0], containers[1]
		if len(main["volumeMounts"].([]object)) != len(volumes) || len(shipper["volumeMounts"].([]object)) != len(volumes)-1 {
			t.Errorf("driver %v: %v and %v", driver, main["volumeMounts"], shipper["volumeMounts"])
		}
		if (main["terminationMessagePath"] == errorLog) != driver {
			t.Errorf("driver %v: its termination message goes to %v", driver, main["terminationMessagePath"])
		}
	}
}
