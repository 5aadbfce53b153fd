package submission

import (
	"fmt"
	"strings"
)

const (
	driverTemplate   = "driver.yaml"
	executorTemplate = "executor.yaml"
)

// podTemplates returns the templates of the driver and of executors.
func (s Submission) podTemplates() []File {
	return []File{{driverTemplate, s.template("driver")}, {executorTemplate, s.template("executor")}}
}

// template returns the pod template for the driver or the executors.
func (s Submission) template(role string) []byte {
	return []byte("apiVersion: v1\nkind: Pod\n" + s.podSpec(role, ""))
}

// defaults returns a spark-defaults.conf with the properties that go with the templates. Java reads a backslash in it as the
// beginning of an escape; and after a blank the = or : of a value would be part of what separates it from the name.
func (s Submission) defaults() []byte {
	var b strings.Builder
	b.WriteString(s.comments())
	p := s.properties()
	for _, name := range sorted(p) {
		fmt.Fprintf(&b, "%s=%s\n", name, strings.ReplaceAll(p[name], `\`, `\\`))
	}
	return []byte(b.String())
}

// templatePlace returns where Spark looks for the templates: EMR fetches them from S3, as the job execution role; elsewhere
// spark-submit reads them where it runs.
func (s Submission) templatePlace() string {
	if !s.Runtime.EMR {
		return ""
	}
	return "s3://" + s.anyJobBucket() + "/"
}
