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

// A configuration is one of EMR's classifications.
type configuration struct {
	Classification string            `json:"classification"`
	Properties     map[string]string `json:"properties,omitempty"`
	Configurations []configuration   `json:"configurations,omitempty"`
}

// overrides is ConfigurationOverrides of EMR's API.
type overrides struct {
	Application []configuration `json:"applicationConfiguration"`
	Monitoring  *monitoring     `json:"monitoringConfiguration,omitempty"`
}

type monitoring struct {
	CloudWatch *logGroup `json:"cloudWatchMonitoringConfiguration,omitempty"`
	S3         *logURI   `json:"s3MonitoringConfiguration,omitempty"`
}

type logGroup struct {
	Name string `json:"logGroupName"`
}

type logURI struct {
	URI string `json:"logUri"`
}

// overrides returns the submission's, with more classifications behind it.
func (s Submission) overrides(more ...configuration) overrides {
	o := overrides{Application: append([]configuration{{Classification: "spark-defaults", Properties: s.properties()}}, more...)}
	if s.LogGroup != "" || s.LogURI != "" {
		o.Monitoring = &monitoring{}
	}
	if s.LogGroup != "" {
		o.Monitoring.CloudWatch = &logGroup{s.LogGroup}
	}
	if s.LogURI != "" {
		o.Monitoring.S3 = &logURI{s.LogURI}
	}
	return o
}

// asJSON returns an input of the AWS CLI.
func asJSON(request any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(request); err != nil {
		panic(err) // strings cannot fail
	}
	return b.Bytes()
}

// startJobRun returns the input of `aws emr-containers start-job-run --cli-input-json`, which adds the client token.
func (s Submission) startJobRun() []byte {
	type driver struct {
		EntryPoint string   `json:"entryPoint"`
		Arguments  []string `json:"entryPointArguments,omitempty"`
		Parameters string   `json:"sparkSubmitParameters,omitempty"`
	}
	var request struct {
		Name             string `json:"name"`
		VirtualClusterID string `json:"virtualClusterId"`
		ExecutionRoleARN string `json:"executionRoleArn"`
		ReleaseLabel     string `json:"releaseLabel"`
		JobDriver        struct {
			SparkSubmit driver `json:"sparkSubmitJobDriver"`
		} `json:"jobDriver"`
		Overrides overrides `json:"configurationOverrides"`
	}
	request.Name, request.VirtualClusterID = s.Name, s.VirtualCluster
	request.ExecutionRoleARN, request.ReleaseLabel = s.JobRole, s.Runtime.Label
	request.JobDriver.SparkSubmit = driver{EntryPoint: s.EntryPoint, Arguments: s.Arguments}
	if s.Class != "" {
		request.JobDriver.SparkSubmit.Parameters = "--class " + s.Class
	}
	request.Overrides = s.overrides()
	return asJSON(request)
}

// createManagedEndpoint returns the input of `aws emr-containers create-managed-endpoint --cli-input-json`: an endpoint for
// notebooks, whose kernels have the image of the submission (EMR on EKS development guide, "Customizing Docker images for
// interactive endpoints").
func (s Submission) createManagedEndpoint() []byte {
	image := map[string]string{"container-image": s.Image}
	return asJSON(struct {
		Name             string    `json:"name"`
		VirtualClusterID string    `json:"virtualClusterId"`
		Type             string    `json:"type"`
		ReleaseLabel     string    `json:"releaseLabel"`
		ExecutionRoleARN string    `json:"executionRoleArn"`
		Overrides        overrides `json:"configurationOverrides"`
	}{
		s.Name, s.VirtualCluster, "JUPYTER_ENTERPRISE_GATEWAY", s.Runtime.Label, s.JobRole,
		s.overrides(configuration{Classification: "jupyter-kernel-overrides", Configurations: []configuration{
			{Classification: "spark-python-kubernetes", Properties: image},
		}}),
	})
}
