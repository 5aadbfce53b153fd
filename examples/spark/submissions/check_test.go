package submissions

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

// The inputs of start-job-run are what botocore's model of the service allows.
func TestStartJobRun(t *testing.T) {
	python := sdktest.Python(t)
	check := func(files ...string) (string, error) {
		out, err := exec.Command(python, append([]string{"-I", "testdata/startjobrun.py"}, files...)...).CombinedOutput()
		return string(out), err
	}
	files := glob(t, "start-job-run.json", 34)
	if out, err := check(files...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	// What is wrong is found.
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"virtualClusterId": "yourvirtualclusterid",`, ``, `$.virtualClusterId is missing`},
		{`yourvirtualclusterid`, `VIRTUAL_CLUSTER`, `$.virtualClusterId does not match`},
		{`"name": "`, `"name": "` + strings.Repeat("x", 64), `$.name is of size`},
		{`"entryPoint"`, `"entrypoint"`, `$.jobDriver.sparkSubmitJobDriver.entryPoint is missing`},
		{`arn:aws:iam::111111111111:role/job-execution-role-1",`, `job-execution-role-1 of 111111111111",`, `$.executionRoleArn does not match`},
		{`"monitoringConfiguration": {`, `"monitoringConfiguration": {"persistentAppUI": "on",`, `persistentAppUI is none of`},
		{`"classification": "spark-defaults"`, `"Classification": "spark-defaults"`, `classification is missing`},
		{`"spark.executorEnv.CLIENT_ROLE_ARN": "`, `"spark.executorEnv.CLIENT_ROLE_ARN": "` + strings.Repeat("x", 1024), `is of size`},
		{`"releaseLabel": "`, `"tags": ["x"], "releaseLabel": "`, `$.tags is no map`},
	} {
		if !bytes.Contains(good, []byte(test.old)) {
			t.Fatalf("%s has no %s", files[0], test.old)
		}
		bad := filepath.Join(t.TempDir(), "bad.json")
		data := bytes.Replace(good, []byte(test.old), []byte(test.new), 1)
		if err := os.WriteFile(bad, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := check(bad)
		if err == nil || !strings.Contains(out, test.want) {
			t.Errorf("%s: %v %s\nwant %s", test.new, err, out, test.want)
		}
	}
}

// The input of create-managed-endpoint is what botocore's model allows, and has the image and the variables.
func TestManagedEndpoint(t *testing.T) {
	python, dir := sdktest.Python(t), t.TempDir()
	for release, wrong := range map[string]struct{ old, new, want string }{
		"emr-6.15.0":      {`"type"`, `"kind"`, "$.type is missing"},
		"emr-7.14.0":      {`"jupyter-kernel-overrides"`, `""`, "classification is of size"},
		"emr-spark-8.1.0": {`"releaseLabel"`, `"release"`, "$.releaseLabel is missing"},
	} {
		to := filepath.Join(dir, release)
		args := append([]string{"spark-conf", "-out", to, "-for", "managed-endpoint", "-release", release, "-delivery", "endpoint",
			"-name", "notebooks", "-virtual-cluster", "yourvirtualclusterid"}, append(slices.Clone(common), logs...)...)
		cmd := exec.Command(filepath.Join(programs, "rolechain"), args...)
		cmd.Env = []string{}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "an endpoint for each client role") {
			t.Fatalf("%v\n%s", err, out)
		}
		file := filepath.Join(to, "create-managed-endpoint.json")
		check := func() (string, error) {
			out, err := exec.Command(python, "-I", "testdata/startjobrun.py", file).CombinedOutput()
			return string(out), err
		}
		if out, err := check(); err != nil {
			t.Errorf("%s: %v\n%s", release, err, out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"container-image": "`, `"spark.executorEnv.CLIENT_ROLE_ARN": "`, `"spark.kubernetes.driverEnv.CLIENT_ROLE_ARN": "`, `"logGroupName": "`} {
			if !bytes.Contains(data, []byte(want)) {
				t.Errorf("%s: no %s in\n%s", release, want, data)
			}
		}
		// What is wrong is found.
		bad := bytes.Replace(data, []byte(wrong.old), []byte(wrong.new), 1)
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := check(); err == nil || !strings.Contains(out, wrong.want) {
			t.Errorf("%s: %v, %s", wrong.old, err, out)
		}
	}
}

// A manifest is what kubecheck (tools/kubecheck) has read of a YAML file.
type manifest struct {
	Kind, Container       string
	Command, Init         []string
	Variables, Properties map[string]string
}

// kubecheck reads YAML files with the Kubernetes API's types.
func kubecheck(t *testing.T, files ...string) (map[string]manifest, string, error) {
	t.Helper()
	program := filepath.Join(programs, "kubecheck")
	if _, err := os.Stat(program); err != nil {
		cmd := exec.Command("go", "build", "-C", filepath.Join("..", "..", "..", "tools"), "-o", program, "./kubecheck")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building kubecheck: %v\n%s", err, out)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command(program, files...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	read := map[string]manifest{}
	if err == nil {
		if err := json.Unmarshal(out, &read); err != nil {
			t.Fatal(err)
		}
	}
	return read, stderr.String(), err
}

// Pod templates and SparkApplications are what the API's types allow, and no more.
func TestManifests(t *testing.T) {
	pods := append(glob(t, "driver.yaml", 9), glob(t, "executor.yaml", 9)...)
	applications := glob(t, "application.yaml", 9)
	read, said, err := kubecheck(t, append(pods, applications...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, file := range pods {
		want := "spark-kubernetes-" + strings.TrimSuffix(filepath.Base(file), ".yaml")
		if m := read[file]; m.Kind != "Pod" || m.Container != want || len(m.Variables) == 0 {
			t.Errorf("%s: %+v", file, m)
		}
	}
	for _, file := range applications {
		if m := read[file]; m.Kind != "SparkApplication" || len(m.Properties) == 0 {
			t.Errorf("%s: %+v", file, m)
		}
	}

	// What is wrong is found.
	for _, test := range []struct{ file, old, new, want string }{
		{pods[0], "env:", "Env:", `unknown field "spec.containers[0].Env"`},
		{pods[0], "env:", "environment:", `unknown field "spec.containers[0].environment"`},
		{pods[0], "containers:", "containers: []\n  initContainers:", `has no container`},
		{pods[0], "kind: Pod", "kind: Pods", `is not checked here`},
		{pods[0], "- name: CLIENT_ROLE_ARN", "- name: CLIENT_ROLE_ARN\n          name: X", `already set in map`},
		{pods[0], "- name: CLIENT_ROLE_ARN", "- name: ROLE_CHAIN_DELIVERY", `is there twice`},
		{applications[0], "mode: cluster", "mode: Cluster", `mode is "Cluster"`},
		{applications[0], "mode: cluster", "deployMode: cluster", `unknown field "spec.deployMode"`},
		{applications[0], "sparkVersion", "version", `unknown field "spec.version"`},
	} {
		good, err := os.ReadFile(test.file)
		if err != nil {
			t.Fatal(err)
		}
		bad := filepath.Join(t.TempDir(), "bad.yaml")
		if err := os.WriteFile(bad, bytes.Replace(good, []byte(test.old), []byte(test.new), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said, err := kubecheck(t, bad); err == nil || !strings.Contains(said, test.want) {
			t.Errorf("%s: %v %s\nwant %s", test.new, err, said, test.want)
		}
	}
}

// glob returns the files of that name, of which there is that number.
func glob(t *testing.T, name string, number int) []string {
	t.Helper()
	pattern := filepath.Join(written, "*", "*", "*", name)
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != number {
		t.Fatalf("%s: %d files, not %d; %v", pattern, len(files), number, err)
	}
	return files
}

// With -inject the pods of every form that takes it get the programs from an init container, and Spark finds the jar.
func TestInjected(t *testing.T) {
	common := []string{"-client-role", "arn:aws:iam::222222222222:role/client", "-job-role", "arn:aws:iam::111111111111:role/job", "-delivery", "endpoint", "-job-bucket", "jobs-111111111111",
		"-inject", "registry.example/rolechain:v1", "-image", "registry.example/spark:4", "-property", "spark.driver.extraClassPath=/own/*"}
	write := func(args ...string) (string, string, error) {
		dir := t.TempDir()
		out, err := exec.Command(filepath.Join(programs, "rolechain"), append(append([]string{"spark-conf", "-out", dir}, args...), common...)...).CombinedOutput()
		return dir, string(out), err
	}
	for _, test := range []struct {
		args      []string
		templates bool   // files of their own
		settings  string // the file with the properties
		entry     string
		jar       bool
	}{
		{[]string{"-for", "pod-template", "-release", "spark-4.0"}, true, "spark-defaults.conf", "/opt/entrypoint.sh", true},
		{[]string{"-for", "spark-submit", "-release", "spark-3.5"}, true, "submit.sh", "/opt/entrypoint.sh", true},
		{[]string{"-for", "operator", "-release", "spark-4.0", "-class", "com.example.Job", "-entry-point", "s3a://jobs-111111111111/job.jar"}, false, "application.yaml", "/opt/entrypoint.sh", true},
		{[]string{"-for", "operator", "-release", "emr-7.10.0"}, false, "application.yaml", "", false},
	} {
		dir, said, err := write(test.args...)
		if err != nil {
			t.Errorf("%q: %v\n%s", test.args, err, said)
			continue
		}
		files := []string{filepath.Join(dir, "application.yaml")}
		if test.templates {
			files = []string{filepath.Join(dir, "driver.yaml"), filepath.Join(dir, "executor.yaml")}
		}
		read, said, err := kubecheck(t, files...)
		if err != nil {
			t.Errorf("%q: %v\n%s", test.args, err, said)
		}
		for _, file := range files {
			m := read[file]
			if strings.Join(m.Command, " ") != "/opt/rolechain/entrypoint" || strings.Join(m.Init, ";") != "/opt/rolechain/rolechain install /rolechain" {
				t.Errorf("%q: %s: command %q, init containers %q", test.args, file, m.Command, m.Init)
			}
			if test.templates && (m.Variables["CLIENT_ROLE_ARN"] == "" || m.Variables["ROLE_CHAIN_ENTRYPOINT"] != test.entry) {
				t.Errorf("%q: %v", test.args, m.Variables)
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, test.settings))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if strings.Contains(text, "/own/*:/opt/rolechain/rolechain-hadoop.jar") != test.jar || strings.Count(text, "rolechain-hadoop.jar") != map[bool]int{true: 2}[test.jar] || strings.Contains(text, "-Daws.profile") == test.jar {
			t.Errorf("%q:\n%s", test.args, text)
		}
		if test.settings == "submit.sh" {
			stub := t.TempDir()
			if err := os.WriteFile(filepath.Join(stub, "spark-submit"), []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			run := exec.Command(filepath.Join(dir, "submit.sh"), "an argument")
			run.Env = []string{"PATH=" + stub + ":/usr/bin:/bin"}
			out, err := run.CombinedOutput()
			for _, want := range []string{"spark.kubernetes.driver.podTemplateFile=" + dir + "/driver.yaml\n", "spark.kubernetes.executor.podTemplateFile=" + dir + "/executor.yaml\n", "\nan argument\n"} {
				if err != nil || !strings.Contains(string(out), want) {
					t.Errorf("%v, no %s in\n%s", err, want, out)
				}
			}
		}
	}
	for _, test := range [][]string{{"-for", "emr", "-release", "emr-7.10.0"}, {"-for", "pod-template", "-release", "emr-7.10.0"}} {
		if _, said, err := write(test...); err == nil || !strings.Contains(said, `-inject: "registry.example/rolechain:v1" has no place in this form`) || !strings.Contains(said, "examples/admission") {
			t.Errorf("%q: %v\n%s", test, err, said)
		}
	}
}
