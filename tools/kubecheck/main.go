// Kubecheck reads manifests with the decoder of the Kubernetes API server, strictly: a field that is not of the type, one in
// other letters, and one that is there twice are errors. It prints what it has read, as JSON, for tests.
//
//	kubecheck FILE...
//
// It is in the module of the tools because the API's types bring twenty modules with them. The Spark Operator's own module
// is not asked: application has the fields of its SparkApplication (v1beta2) that spark-conf writes.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// A Manifest is what a file says of the variables and of Spark's properties.
type Manifest struct {
	Kind       string            `json:"kind"`
	Container  string            `json:"container,omitempty"` // the first one's name
	Command    []string          `json:"command,omitempty"`   // likewise
	Init       []string          `json:"init,omitempty"`      // commands of the init containers, words joined by blanks
	Variables  map[string]string `json:"variables,omitempty"` // the first container's
	Properties map[string]string `json:"properties,omitempty"`
}

type application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Type                string            `json:"type"`
		PythonVersion       string            `json:"pythonVersion"`
		MainClass           string            `json:"mainClass"`
		Mode                string            `json:"mode"`
		SparkVersion        string            `json:"sparkVersion"`
		Image               string            `json:"image"`
		MainApplicationFile string            `json:"mainApplicationFile"`
		Arguments           []string          `json:"arguments"`
		SparkConf           map[string]string `json:"sparkConf"`
		Driver              struct {
			ServiceAccount string                  `json:"serviceAccount"`
			Template       *corev1.PodTemplateSpec `json:"template"` // of the operator's 2.0 and later
		} `json:"driver"`
		Executor struct {
			ServiceAccount string                  `json:"serviceAccount"`
			Instances      int32                   `json:"instances"`
			Template       *corev1.PodTemplateSpec `json:"template"`
		} `json:"executor"`
	} `json:"spec"`
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kubecheck FILE...")
		os.Exit(2)
	}
	read := map[string]Manifest{}
	var problems []error
	for _, file := range os.Args[1:] {
		m, err := check(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
		read[file] = m
	}
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(read); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(file string) (Manifest, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Manifest{}, err
	}
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(data, &kind); err != nil {
		return Manifest{}, err
	}
	switch kind {
	case metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}:
		return pod(data)
	case metav1.TypeMeta{APIVersion: "sparkoperator.k8s.io/v1beta2", Kind: "SparkApplication"}:
		return sparkApplication(data)
	}
	return Manifest{}, fmt.Errorf("%s %s is not checked here", kind.APIVersion, kind.Kind)
}

func decode(data []byte, value any) error {
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return err
	}
	strict, err := kjson.UnmarshalStrict(asJSON, value)
	return errors.Join(append(strict, err)...)
}

func pod(data []byte) (Manifest, error) {
	var p corev1.Pod
	if err := decode(data, &p); err != nil {
		return Manifest{}, err
	}
	return podSpec(p.Spec)
}

func podSpec(spec corev1.PodSpec) (Manifest, error) {
	if len(spec.Containers) == 0 {
		return Manifest{}, errors.New("has no container")
	}
	c := spec.Containers[0]
	m := Manifest{Kind: "Pod", Container: c.Name, Command: c.Command, Variables: map[string]string{}}
	for _, init := range spec.InitContainers {
		m.Init = append(m.Init, strings.Join(init.Command, " "))
	}
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
	}
	for _, container := range append(spec.InitContainers, spec.Containers...) {
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				return m, fmt.Errorf("%s mounts the volume %q, which is not there", container.Name, mount.Name)
			}
		}
	}
	for _, v := range c.Env {
		if _, twice := m.Variables[v.Name]; twice {
			return m, fmt.Errorf("%s is there twice", v.Name)
		}
		m.Variables[v.Name] = v.Value
	}
	return m, nil
}

func sparkApplication(data []byte) (Manifest, error) {
	var a application
	if err := decode(data, &a); err != nil {
		return Manifest{}, err
	}
	s := a.Spec
	switch {
	case a.Name == "" || s.SparkVersion == "" || s.MainApplicationFile == "" || s.Image == "":
		return Manifest{}, errors.New("lacks its name, sparkVersion, mainApplicationFile or image")
	case !slices.Contains([]string{"Java", "Python", "Scala", "R"}, s.Type):
		return Manifest{}, fmt.Errorf("type is %q", s.Type)
	case !slices.Contains([]string{"cluster", "client"}, s.Mode):
		return Manifest{}, fmt.Errorf("mode is %q", s.Mode)
	case s.PythonVersion != "" && s.PythonVersion != "2" && s.PythonVersion != "3":
		return Manifest{}, fmt.Errorf("pythonVersion is %q", s.PythonVersion)
	}
	m := Manifest{Kind: "SparkApplication", Properties: s.SparkConf}
	if s.Driver.Template == nil && s.Executor.Template == nil {
		return m, nil
	}
	driver, err := template("driver", s.Driver.Template)
	if err != nil {
		return m, err
	}
	executor, err := template("executor", s.Executor.Template)
	if err != nil {
		return m, err
	}
	if !slices.Equal(driver.Command, executor.Command) || !slices.Equal(driver.Init, executor.Init) {
		return m, fmt.Errorf("driver and executor have other commands: %q and %q, %q and %q", driver.Command, executor.Command, driver.Init, executor.Init)
	}
	m.Command, m.Init = driver.Command, driver.Init
	return m, nil
}

// template reads the pod template of the driver or the executors, of which either both have one or neither.
func template(role string, t *corev1.PodTemplateSpec) (Manifest, error) {
	if t == nil {
		return Manifest{}, fmt.Errorf("the %s has no template", role)
	}
	pod, err := podSpec(t.Spec)
	if err == nil && pod.Container != "spark-kubernetes-"+role {
		err = fmt.Errorf("the container is %q", pod.Container)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("the %s's template: %w", role, err)
	}
	return pod, nil
}
