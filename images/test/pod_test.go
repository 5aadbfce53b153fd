//go:build images

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A pod has the shape of those that EMR on EKS makes for StartJobRun: user, security context, volumes and variables are
// theirs, and two containers share all of the volumes but /mnt.
type pod struct {
	*services
	hop     []string // what EKS's webhook puts into every container
	message string   // the file of the main container's termination message
}

const (
	podName      = "000000036abcdef0123-driver"
	driverSignal = "/var/log/fluentd/main-container-terminated"
	driverErrors = "/var/log/spark/error.log"

	executorSignal = "/tmp/main-container-terminated"
)

// mounts are the places of the emptyDirs. The sidecar has all of them but the last.
var mounts = []string{"/home/hadoop", "/tmp", "/var/log/fluentd", "/var/log/spark/user", "/var/log/spark/apps", "/mnt"}

func newPod(t *testing.T, hop []string) *pod {
	t.Helper()
	p := &pod{services: startServices(t), hop: hop}
	for _, mount := range mounts {
		volume := p.volume(mount)
		// What the kubelet makes of an emptyDir for fsGroup.
		if err := os.MkdirAll(volume, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(volume, 0, 65534); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(volume, 0o777|os.ModeSetgid); err != nil {
			t.Fatal(err)
		}
	}
	p.message = file(t, "message", "", 0o666)
	return p
}

// volume is where a volume lies on the machine.
func (p *pod) volume(mount string) string {
	return filepath.Join(p.dir, "volumes", strings.ReplaceAll(mount[1:], "/", "-"))
}

// log is where a stream of the job's is copied to for the log shipper.
func (p *pod) log(stream string) string {
	return filepath.Join(p.volume("/var/log/spark/user"), podName, stream)
}

// container are the options of each container of the pod.
func (p *pod) container(mounts []string, more ...string) []string {
	options := slices.Concat(p.options(), p.hop, []string{
		"--read-only", "--user", "999:1000", "--group-add", "65534", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--env", "SPARK_CONTAINER_ID=" + podName,
		"--env", "K8S_SPARK_LOG_URL_STDOUT=/var/log/spark/user/" + podName + "/stdout",
		"--env", "K8S_SPARK_LOG_URL_STDERR=/var/log/spark/user/" + podName + "/stderr",
	})
	for _, mount := range mounts {
		options = append(options, "--volume", p.volume(mount)+":"+mount)
	}
	return append(options, more...)
}

// roles are the options of a job that is submitted with a client role.
func roles(delivery string) []string {
	return []string{"--env", "CLIENT_ROLE_ARN=" + clientRole, "--env", "ROLE_CHAIN_DELIVERY=" + delivery}
}

// driver are the options of the driver's main container. There is no /dev/termination-log.
func (p *pod) driver(t *testing.T, more ...string) []string {
	return p.container(mounts, append([]string{
		"--env", "SIDECAR_SIGNAL_FILE=" + driverSignal, "--env", "K8S_SPARK_LOG_ERROR_REGEX=(Error|Exception|Fail)",
		"--env", "TERMINATION_ERROR_LOG_FILE_PATH=" + driverErrors, "--volume", p.message + ":" + driverErrors,
		"--env", "SPARK_DRIVER_BIND_ADDRESS=127.0.0.1", "--env", "SPARK_LOCAL_IP=127.0.0.1", "--volume", job(t) + ":/opt/job.py:ro",
	}, more...)...)
}

// executor are the options of an executor's main container. Its JVM is the job, in Python.
func (p *pod) executor(t *testing.T, more ...string) []string {
	java := file(t, "java", "#!/bin/sh\nexec /usr/bin/python3 /opt/job.py\n", 0o755)
	return p.container(mounts, append([]string{
		"--env", "SIDECAR_SIGNAL_FILE=" + executorSignal, "--env", "SIDECAR_ERROR_FOLDER_PATH=/var/log/fluentd/fluentd-error/",
		"--env", "EXEC_POD_CPU_REQUEST=1", "--env", "EXEC_POD_MEM_REQUEST=1073741824", "--volume", p.message + ":/dev/termination-log",
		"--env", "SPARK_DRIVER_URL=spark://driver", "--env", "SPARK_EXECUTOR_ID=1", "--env", "SPARK_EXECUTOR_CORES=1",
		"--env", "JAVA_HOME=/opt/java", "--volume", java + ":/opt/java/bin/java:ro", "--volume", job(t) + ":/opt/job.py:ro",
	}, more...)...)
}

func job(t *testing.T) string { return file(t, "job.py", read(t, "testdata/job.py"), 0o644) }

// ship runs the log shipper's container to its end, as after a restart of fluentd: its chain looks at what is there now. All
// it sends must be the job execution role's. What arrived is returned by stream.
func (p *pod) ship(t *testing.T, streams ...string) map[string]string {
	t.Helper()
	// Debian's SDK is older than Pod Identity's variables.
	ecs := []string{"--env", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v1/credentials"}
	if slices.Equal(p.hop, irsa) {
		ecs = nil
	}
	if got := run(t, append(p.container(mounts[:len(mounts)-1], ecs...), sidecar)...); got.code != 0 {
		t.Fatalf("the log shipper ends with %d:\n%s", got.code, got.stderr)
	}
	arrived := map[string]string{}
	for _, stream := range streams {
		r := p.request(t)
		if want := (request{jobRole, "s3:PutObject", podName + "/" + stream, "", r.Body}); r != want {
			t.Errorf("%+v, want %+v", r, want)
		}
		arrived[stream] = r.Body
	}
	return arrived
}

// eventually waits until a file holds a text. Whoever writes it does so in the background.
func eventually(t *testing.T, path, text string) {
	t.Helper()
	var got []byte
	for end := time.Now().Add(limit / 3); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got, _ = os.ReadFile(path); strings.Contains(string(got), text) {
			return
		}
	}
	t.Errorf("%s has no %q:\n%s", path, text, got)
}
