// Package admission tries the policies in this folder on a real API server, and checks Kyverno's by its schema.
package admission

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

// kyverno is the module that has the schema; .ci/install reads this line.
const kyverno = "github.com/kyverno/kyverno@v1.19.1"

// The parts of a pod that these tests look at.
type (
	pod struct {
		Spec struct {
			Volumes                    []map[string]any
			InitContainers, Containers []container
		}
	}
	container struct {
		Name, Image   string
		Command, Args []string
		Env           []struct{ Name, Value string }
		VolumeMounts  []struct {
			Name, MountPath string
			ReadOnly        bool
		}
		SecurityContext map[string]any
	}
)

func tool(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-C", "../../tools", "-o", program, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return program
}

func (p pod) container(name string) *container {
	for i, c := range p.Spec.Containers {
		if c.Name == name {
			return &p.Spec.Containers[i]
		}
	}
	return nil
}

func (c container) variables() map[string]string {
	m := map[string]string{}
	for _, v := range c.Env {
		m[v.Name] += v.Value + ";" // one that is there twice shows
	}
	return m
}

func (c container) mounts() []string {
	var list []string
	for _, m := range c.VolumeMounts {
		text := m.Name + ":" + m.MountPath
		if m.ReadOnly {
			text += ":ro"
		}
		list = append(list, text)
	}
	return list
}

func names[T any](list []T, name func(T) string) (names []string) {
	for _, one := range list {
		names = append(names, name(one))
	}
	return names
}

func TestMutatingAdmissionPolicy(t *testing.T) {
	api := startAPIServer(t)
	api.namespace("jobs", "rolechain-injection=enabled")
	api.namespace("other", "")
	api.namespace("emr-lake-formation-system", "rolechain-injection=enabled")
	api.apply("mutating-admission-policy.yaml")
	untouched := func(why string, p pod, refusal string) {
		t.Helper()
		all := slices.Concat(p.Spec.Containers, p.Spec.InitContainers)
		if refusal != "" || len(all) == 0 || slices.ContainsFunc(all, func(c container) bool { return len(c.Command) > 0 && strings.Contains(c.Command[0], "rolechain") }) {
			t.Errorf("%s: %q, %+v", why, refusal, p)
		}
	}

	pods, refusals := api.create("jobs", "driver.yaml", "executor.yaml", "job-runner.yaml", "hostile.yaml", "env-from.yaml", "writer.yaml", "nameless.yaml")
	for i, of := range []struct{ main, sidecar string }{{"spark-kubernetes-driver", "emr-container-fluentd"}, {"executor", "shipper"}} {
		p := pods[i]
		main, sidecar := p.container(of.main), p.container(of.sidecar)
		if refusals[i] != "" || main == nil || sidecar == nil {
			t.Fatalf("%s: %q, %+v", of.main, refusals[i], p)
		}
		if got := append(main.Command, main.Args...); got[0] != "/opt/rolechain/entrypoint" || !slices.Contains([]string{"driver", "executor"}, got[1]) {
			t.Errorf("%s: command %q", of.main, got)
		}
		if got := main.variables(); got["ROLE_CHAIN_ENTRYPOINT"] != "/usr/bin/entrypoint.sh;" || got["ROLE_CHAIN_DELIVERY"] != "endpoint;" || got["ROLE_CHAIN_REQUIRED"] != "true;" ||
			got["ROLE_CHAIN_ROLE_MAP"] != "/etc/rolechain/role-map.yaml;" || got["OWN"] != "kept;" {
			t.Errorf("%s: variables %v", of.main, got)
		}
		if got := main.mounts(); !slices.Contains(got, "rolechain:/opt/rolechain:ro") || !slices.Contains(got, "rolechain-role-map:/etc/rolechain:ro") || !slices.Contains(got, "home-dir:/home/hadoop") {
			t.Errorf("%s: mounts %q", of.main, got)
		}
		if len(sidecar.Command) > 1 || len(sidecar.Env) != 0 || len(sidecar.VolumeMounts) != 0 {
			t.Errorf("%s is changed: %+v", of.sidecar, sidecar)
		}
		volumes := names(p.Spec.Volumes, func(v map[string]any) string { return v["name"].(string) })
		if !slices.Equal(volumes, []string{"home-dir", "rolechain", "rolechain-role-map"}) {
			t.Errorf("%s: volumes %q", of.main, volumes)
		}
	}
	init := pods[0].Spec.InitContainers
	if len(init) != 1 || !slices.Equal(init[0].Command, []string{"/opt/rolechain/rolechain", "install", "/rolechain"}) || !slices.Equal(init[0].mounts(), []string{"rolechain:/rolechain"}) || init[0].SecurityContext["runAsNonRoot"] != true {
		t.Errorf("init containers %+v", init)
	}
	untouched("EMR's job runner", pods[2], refusals[2])

	// A submission that tries to leave the chain out.
	hostile := pods[3]
	main := hostile.container("spark-kubernetes-driver")
	if refusals[3] != "" || main == nil {
		t.Fatalf("%q %+v", refusals[3], hostile)
	}
	for name, value := range main.variables() {
		ours := slices.Contains([]string{"ROLE_CHAIN_ENTRYPOINT", "ROLE_CHAIN_DELIVERY", "ROLE_CHAIN_ROLE_MAP", "ROLE_CHAIN_REQUIRED"}, name)
		if strings.Contains(value, "submitter") || strings.HasPrefix(name, "ROLE_CHAIN_") && !ours || strings.Contains(name, "ROLE_ARN") || strings.HasPrefix(name, "ROLE_1") || strings.HasPrefix(name, "ROLE_2") {
			t.Errorf("%s=%s is left", name, value)
		}
	}
	if got, want := main.Command, []string{"/opt/rolechain/entrypoint", "/bin/sh"}; !slices.Equal(got, want) {
		t.Errorf("command %q, want %q", got, want)
	}
	if got, want := main.mounts(), []string{"own:/mnt/rolechain-data", "rolechain:/opt/rolechain:ro", "rolechain-role-map:/etc/rolechain:ro"}; !slices.Equal(got, want) {
		t.Errorf("mounts %q, want %q", got, want)
	}
	if got := names(hostile.Spec.InitContainers, func(c container) string { return c.Name + " " + c.Image }); len(got) != 2 || !strings.Contains(got[0], "dkr.ecr") || got[1] != "own submitter" {
		t.Errorf("init containers %q", got)
	}
	if v := hostile.Spec.Volumes; len(v) != 3 || v[1]["emptyDir"] == nil || v[2]["configMap"].(map[string]any)["name"] != "rolechain-role-map" {
		t.Errorf("volumes %v", v)
	}

	for i, want := range map[int]string{4: "envFrom is not allowed", 5: "can only be mounted read-only", 6: "no container of this pod is one of Spark's"} {
		if !strings.Contains(refusals[i], want) {
			t.Errorf("%d: %q, want %q", i, refusals[i], want)
		}
	}

	// The result is no different when it is done again, by two bindings or by another round of admission.
	both, refusals := api.create("jobs", "labelled.yaml")
	once, refused := api.create("other", "labelled.yaml")
	if refusals[0]+refused[0] != "" || !reflect.DeepEqual(once, both) || once[0].container("spark-kubernetes-driver").Command[0] != "/opt/rolechain/entrypoint" {
		t.Errorf("%q %q\n%+v\n%+v", refusals, refused, once, both)
	}

	for _, namespace := range []string{"other", "emr-lake-formation-system"} {
		pods, refusals := api.create(namespace, "driver.yaml")
		untouched("in "+namespace, pods[0], refusals[0])
	}
	pods, refusals = api.create("emr-lake-formation-system", "labelled.yaml")
	untouched("a label in Lake Formation's namespace", pods[0], refusals[0])
}

func TestKyvernoClusterPolicy(t *testing.T) {
	download := exec.Command("go", "mod", "download", "-json", kyverno)
	download.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off") // tests ask no proxy; who downloaded it has checked its sum
	out, err := download.Output()
	if err != nil {
		sdktest.Missing(t, "Kyverno's schema (go mod download "+kyverno+")")
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check := tool(t, "crdcheck")
	schema := filepath.Join(module.Dir, "config", "crds", "kyverno", "kyverno.io_clusterpolicies.yaml")
	const policy = "kyverno-cluster-policy.yaml"
	if out, err := exec.Command(check, schema, policy).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	// What is wrong is found.
	data, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{"failurePolicy: Fail", "failurePolicy: Refuse", `Unsupported value: "Refuse"`},
		{"jmesPath:", "jmespath:", "jmespath"},
		{"foreach:", "forEach:", "forEach"},
		{"operator: Equals", "operator: Is", `"Is"`},
	} {
		bad := filepath.Join(t.TempDir(), "bad.yaml")
		if err := os.WriteFile(bad, bytes.Replace(data, []byte(test.old), []byte(test.new), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(check, schema, bad).CombinedOutput(); err == nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v %s", test.new, err, out)
		}
	}
}

// The pod with a sidecar is what the API's types allow, and mounts no volume that is not there.
func TestSidecarPod(t *testing.T) {
	if out, err := exec.Command(tool(t, "kubecheck"), "sidecar.yaml").CombinedOutput(); err != nil || !strings.Contains(string(out), "/opt/rolechain/rolechain sidecar") {
		t.Errorf("%v\n%s", err, out)
	}
}
