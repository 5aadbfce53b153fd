package submission

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rolechain/internal/exit"
)

// What StartJobRun takes of properties (EMR on EKS API reference, Configuration), and of arguments (SparkSubmitJobDriver).
const (
	mostProperties      = 100
	longestPropertyText = 1024
	longestArgument     = 10280
)

// checkLimits checks what EMR would refuse. The other forms know no limits that this could reach.
func (s Submission) checkLimits() error {
	if !s.forEMR() {
		return nil
	}
	p := s.properties()
	var problems []error
	const elsewhere = "put variables into pod templates, -for pod-template, or into the image"
	refuse := func(problem, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, errors.New(problem), hint))
	}
	if len(p) > mostProperties {
		refuse(fmt.Sprintf("%d properties are more than the %d that start-job-run takes", len(p), mostProperties), elsewhere)
	}
	for _, name := range sorted(p) {
		if strings.TrimSpace(p[name]) == "" {
			refuse(fmt.Sprintf("%s has no value, which start-job-run does not take", name), "leave it out")
		}
		if len(name) > longestPropertyText || len(p[name]) > longestPropertyText {
			refuse(fmt.Sprintf("%s has %d bytes, more than the %d that start-job-run takes", name, len(p[name]), longestPropertyText), elsewhere)
		}
	}
	return errors.Join(problems...)
}

// startJobRun is the input of `aws emr-containers start-job-run --cli-input-json`, which adds the client token.
func (s Submission) startJobRun() []byte {
	type driver struct {
		EntryPoint string   `json:"entryPoint"`
		Arguments  []string `json:"entryPointArguments,omitempty"`
	}
	type configuration struct {
		Classification string            `json:"classification"`
		Properties     map[string]string `json:"properties"`
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
		} `json:"configurationOverrides"`
	}
	request.Name, request.VirtualClusterID = s.Name, s.VirtualCluster
	request.ExecutionRoleARN, request.ReleaseLabel = s.JobRole, s.Release.Label
	request.JobDriver.SparkSubmit = driver{s.EntryPoint, s.Arguments}
	request.Overrides.Application = []configuration{{"spark-defaults", s.properties()}}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(request); err != nil {
		panic(err) // strings cannot fail
	}
	return b.Bytes()
}
