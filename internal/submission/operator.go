package submission

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// application returns a SparkApplication of the Spark Operator. Its variables are properties of Spark, because driver.env and
// executor.env need the operator's webhook.
func (s Submission) application() []byte {
	var b strings.Builder
	b.WriteString(s.comments())
	fmt.Fprintf(&b, `apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
  name: %s
  namespace: %s
spec:
  %s
  mode: cluster
  sparkVersion: %s
  image: %s
  mainApplicationFile: %s
`, yaml(s.Name), yaml(s.Namespace), s.language(), yaml(s.Runtime.Spark), yaml(s.Image), yaml(s.EntryPoint))
	if len(s.Arguments) > 0 {
		b.WriteString("  arguments:\n")
	}
	for _, a := range s.Arguments {
		b.WriteString("    - " + yaml(a) + "\n")
	}
	b.WriteString("  sparkConf:\n")
	p := s.properties()
	for _, name := range sorted(p) {
		fmt.Fprintf(&b, "    %s: %s\n", name, yaml(p[name]))
	}
	fmt.Fprintf(&b, `  driver:
    serviceAccount: %[1]s
%[2]s  executor:
    serviceAccount: %[1]s
    instances: 1
%[3]s`, yaml(s.ServiceAccount), s.operatorTemplate("driver"), s.operatorTemplate("executor"))
	return []byte(b.String())
}

// language returns what the operator has to know of the job's file.
func (s Submission) language() string {
	switch {
	case s.Class != "":
		return "type: Java\n  mainClass: " + yaml(s.Class)
	case strings.HasSuffix(s.EntryPoint, ".jar"):
		return "type: Java"
	}
	return "type: Python\n  pythonVersion: \"3\""
}

// operatorTemplate returns the pod template of the driver or the executors, which the Spark Operator has from 2.0 on.
func (s Submission) operatorTemplate(role string) string {
	if s.Inject == "" {
		return ""
	}
	return "    template:\n" + s.podSpec(role, "      ")
}

// yaml writes a string as YAML reads it back: in JSON's quotes, which are among YAML's.
func yaml(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}
