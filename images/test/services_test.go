//go:build images

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// The roles that services knows, and who is in the pod.
const (
	jobRole    = "arn:aws:iam::111122223333:role/job"
	clientRole = "arn:aws:iam::444455556666:role/client"
	closedRole = "arn:aws:iam::444455556666:role/closed"
)

var (
	irsa = []string{
		"--env", "AWS_ROLE_ARN=" + jobRole, "--env", "AWS_STS_REGIONAL_ENDPOINTS=regional",
		"--env", "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
	}
	podIdentity = []string{
		"--env", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials", "--env", "AWS_STS_REGIONAL_ENDPOINTS=regional",
		"--env", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
	}
)

// services is a running container with what a pod finds around it. It has the pod's network, as the containers of a pod
// have each other's; nothing else is in it.
type services struct {
	*running
	dir string
}

var servicesProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(built, "services")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "./services")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building services: %w: %s", err, out)
	}
	return filepath.Abs(program)
})

func startServices(t *testing.T) *services {
	t.Helper()
	program, err := servicesProgram()
	if err != nil {
		t.Fatal(err)
	}
	s := &services{dir: dir(t)}
	options := []string{"--user", "0", "--cap-add", "NET_ADMIN", "--volume", s.dir + ":/services", "--volume", program + ":/program:ro", "--entrypoint", "/program"}
	for _, name := range []string{"sts.eu-west-1.amazonaws.com", "sts.amazonaws.com", "s3.eu-west-1.amazonaws.com", "logs.s3.eu-west-1.amazonaws.com"} {
		options = append(options, "--add-host", name+":127.0.0.1")
	}
	s.running = start(t, append(options, image, "/services")...)
	if line := s.line(t); line != "ready" {
		t.Fatalf("%q", line)
	}
	return s
}

// options are those of a container in the pod.
func (s *services) options() []string {
	file := func(name string) string { return filepath.Join(s.dir, name) }
	return []string{
		"--network", "container:" + s.name, "--env", "AWS_REGION=eu-west-1",
		"--env", "AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt", "--env", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
		"--volume", file("ca.pem") + ":/etc/ssl/certs/ca-certificates.crt:ro",
		"--volume", file("token") + ":/var/run/secrets/eks.amazonaws.com/serviceaccount/token:ro",
		"--volume", file("agent-token") + ":/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token:ro",
	}
}

// endpoint are the options of a container with IRSA and the client role in endpoint delivery.
func (s *services) endpoint() []string {
	return slices.Concat(s.options(), irsa, []string{"--env", "CLIENT_ROLE_ARN=" + clientRole, "--env", "ROLE_CHAIN_DELIVERY=endpoint"})
}

// control asks STS's controls.
func (s *services) control(t *testing.T, args ...string) {
	t.Helper()
	last := len(args) - 1
	args[last] = "http://127.0.0.1:8080/_standin/" + args[last]
	if got := s.exec(t, append([]string{"curl", "--silent", "--show-error", "--fail"}, args...)...); got.code != 0 {
		t.Fatalf("curl %s: %+v", args, got)
	}
}

// request is one to S3.
type request struct{ Role, Action, Key, Refused, Body string }

// request is the next one to S3 that was not looked at.
func (s *services) request(t *testing.T) request {
	t.Helper()
	var r request
	if line := s.line(t); json.Unmarshal([]byte(line), &r) != nil {
		t.Fatalf("%q", line)
	}
	return r
}
