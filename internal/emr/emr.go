// Package emr knows the pod that EMR on EKS makes: the variables by which EMR's entrypoint and its sidecars work together,
// and what they expect of whatever runs before EMR's entrypoint.
package emr

import (
	"cmp"
	"strings"
)

// A Pod is what the environment says about EMR's pod. A field is "" where the variable is unset or empty.
type Pod struct {
	ContainerID string // SPARK_CONTAINER_ID
	Heartbeat   string // SIDECAR_SIGNAL_FILE: the sidecars give up when nobody touches it
	Validation  string // VALIDATION_SCRIPT_PATH
	Termination string // TERMINATION_ERROR_LOG_FILE_PATH: the driver's terminationMessagePath
	Stderr      string // K8S_SPARK_LOG_URL_STDERR: the file that is shipped to CloudWatch and S3
	Rotated     bool   // CONTAINER_LOG_ROTATION: Stderr is a directory of multilog's
}

// Read reads env, which is in the form of os.Environ. Of a name that is there twice the first counts, as for getenv.
func Read(env []string) Pod {
	var p Pod
	rotation := ""
	fields := map[string]*string{
		"SPARK_CONTAINER_ID":              &p.ContainerID,
		"SIDECAR_SIGNAL_FILE":             &p.Heartbeat,
		"VALIDATION_SCRIPT_PATH":          &p.Validation,
		"TERMINATION_ERROR_LOG_FILE_PATH": &p.Termination,
		"K8S_SPARK_LOG_URL_STDERR":        &p.Stderr,
		"CONTAINER_LOG_ROTATION":          &rotation,
	}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		if field := fields[name]; field != nil {
			*field = value
			delete(fields, name)
		}
	}
	p.Rotated = rotation != "" && !strings.EqualFold(rotation, "false")
	return p
}

// RunsJob reports whether a start with args is EMR's job runner: the pod in which EMR calls spark-submit, and for which it
// takes no pod template. It must stay the job execution role, even where an image sets rolechain's variables for every
// container: as the client role it would neither submit nor fetch the pod templates.
func (p Pod) RunsJob(args []string) bool {
	return len(args) > 0 && args[0] == "job" && cmp.Or(p.ContainerID, p.Heartbeat, p.Validation, p.Termination) != ""
}
