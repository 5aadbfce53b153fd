package submission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// What StartJobRun takes of properties (EMR on EKS API reference, Configuration), and of arguments (SparkSubmitJobDriver).
const (
	maxProperties   = 100
	maxPropertyText = 1024
	maxArgument     = 10280
)

// checkLimits checks what EMR would refuse. The other forms have no limits that this could reach.
func (s Submission) checkLimits() error {
	if !s.form.limits {
		return nil
	}
	p := s.properties()
	var problems []error
	const elsewhere = "put variables into pod templates, -for pod-template, or into the image"
	fail := func(hint, format string, args ...any) {
		problems = append(problems, refuse(fmt.Errorf(format, args...), hint))
	}
	if len(p) > maxProperties {
		fail(elsewhere, "%d properties are more than the %d that start-job-run takes", len(p), maxProperties)
	}
	for _, name := range sorted(p) {
		if strings.TrimSpace(p[name]) == "" {
			fail("leave it out", "%s has no value, which start-job-run does not take", name)
		}
		if len(name) > maxPropertyText || len(p[name]) > maxPropertyText {
			fail(elsewhere, "%s has %d bytes, more than the %d that start-job-run takes", name, len(p[name]), maxPropertyText)
		}
	}
	return errors.Join(problems...)
}

// startJobRun returns the input of `aws emr-containers start-job-run --cli-input-json`, which adds the client token.
func (s Submission) startJobRun() []byte {
	type driver struct {
		EntryPoint string   `json:"entryPoint"`
		Arguments  []string `json:"entryPointArguments,omitempty"`
	}
	type configuration struct {
		Classification string            `json:"classification"`
		Properties     map[string]string `json:"properties"`
	}
	type logGroup struct {
		Name string `json:"logGroupName"`
	}
	type logURI struct {
		URI string `json:"logUri"`
	}
	type monitoring struct {
		CloudWatch *logGroup `json:"cloudWatchMonitoringConfiguration,omitempty"`
		S3         *logURI   `json:"s3MonitoringConfiguration,omitempty"`
	}
	var request struct {
		Name             string `json:"name"`
		VirtualClusterID string `json:"virtualClusterId"`
		ExecutionRoleARN string `json:"executionRoleArn"`
		ReleaseLabel     string `json:"releaseLabel"`
		JobDriver        struct {
			SparkSubmit driver `json:"sparkSubmitJobDriver"`
		} `json:"jobDriver"`
		Overrides struct {
			Application []configuration `json:"applicationConfiguration"`
			Monitoring  *monitoring     `json:"monitoringConfiguration,omitempty"`
		} `json:"configurationOverrides"`
	}
	request.Name, request.VirtualClusterID = s.Name, s.VirtualCluster
	request.ExecutionRoleARN, request.ReleaseLabel = s.JobRole, s.Runtime.Label
	request.JobDriver.SparkSubmit = driver{s.EntryPoint, s.Arguments}
	request.Overrides.Application = []configuration{{"spark-defaults", s.properties()}}
	if s.LogGroup != "" || s.LogURI != "" {
		request.Overrides.Monitoring = &monitoring{}
	}
	if s.LogGroup != "" {
		request.Overrides.Monitoring.CloudWatch = &logGroup{s.LogGroup}
	}
	if s.LogURI != "" {
		request.Overrides.Monitoring.S3 = &logURI{s.LogURI}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(request); err != nil {
		panic(err) // strings cannot fail
	}
	return b.Bytes()
}
