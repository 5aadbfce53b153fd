//go:build images

package test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// whoami prints the role that an SDK finds, and whether the endpoint hands out the same key. Then it waits for the end of its
// standard input.
const whoami = `
import boto3, json, os, sys, urllib.request
session = boto3.Session()
credentials = session.get_credentials()
sts = session.client("sts")
print(credentials.method, sts.get_caller_identity()["Arn"])
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    headers={"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]})
key = json.load(urllib.request.urlopen(request))["AccessKeyId"]
print("the same key" if key == credentials.get_frozen_credentials().access_key else "another key")
print("token" if "AWS_WEB_IDENTITY_TOKEN_FILE" in os.environ else "no token", flush=True)
sys.stdin.read()
print("done")
`

// A container from its start to its end in endpoint delivery, as hard as a cluster can make it.
func TestEndpoint(t *testing.T) {
	pod := start(t, podWith(startServices(t).endpoint(), "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		image, "/usr/bin/python3", "-c", whoami)...)
	for _, want := range []string{
		`^[a-z-]+ arn:aws:sts::444455556666:assumed-role/client/pod$`, "^the same key$", "^no token$",
	} {
		if got := pod.line(t); !regexp.MustCompile(want).MatchString(got) {
			t.Fatalf("%q, want %s", got, want)
		}
	}

	got := pod.exec(t, "/opt/rolechain/rolechain", "status")
	if got.code != 0 || !strings.Contains(got.stdout, "arn:aws:iam::444455556666:role/client") {
		t.Errorf("as an exec probe: %+v", got)
	}
	var status map[string]any
	if got := pod.exec(t, "/opt/rolechain/rolechain", "status", "--json"); json.Unmarshal([]byte(got.stdout), &status) != nil {
		t.Errorf("--json: %+v", got)
	}
	processes := pod.exec(t, "ps", "-e", "-o", "pid=", "-o", "args=").stdout
	if first := strings.Fields(processes); len(first) < 2 || first[0] != "1" || first[1] != "/usr/bin/tini" {
		t.Errorf("process 1 is not the original's:\n%s", processes)
	}
	if strings.Contains(processes, "entrypoint") || !strings.Contains(processes, "rolechain refresh") {
		t.Errorf("processes:\n%s", processes)
	}

	pod.stdin.Close()
	got = pod.wait(t)
	if got.stdout != "done\n" || got.code != 0 {
		t.Errorf("exit code %d, %q", got.code, got.stdout)
	}
}

// The refresher ends with the job even where the job is not process 1, whose end would take everything with it.
func TestRefresherEnds(t *testing.T) {
	const supervisor = `
import os, select, subprocess, sys
job = subprocess.Popen(["/usr/bin/entrypoint.sh", "/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
job.stdin.write(b"it runs\n"); job.stdin.flush()
print(job.stdout.readline().decode().strip())
watched = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    if b"rolechain\0refresh" in open("/proc/%s/cmdline" % pid, "rb").read():
        watched.append(os.pidfd_open(int(pid)))
print("refreshers" if watched else "no refresher")
job.stdin.close()
print("job", job.wait())
for fd in watched:
    print("ended" if select.select([fd], [], [], 30)[0] else "still there", flush=True)
`
	got := run(t, podWith(startServices(t).endpoint(), "--entrypoint", "/usr/bin/python3", image, "-c", supervisor)...)
	if !regexp.MustCompile(`^it runs\nrefreshers\njob 0\n(ended\n)+$`).MatchString(got.stdout) || got.code != 0 {
		t.Errorf("exit code %d, %q", got.code, got.stdout)
	}
}

// STS refuses: the job does not start.
func TestRefused(t *testing.T) {
	got := run(t, podWith(startServices(t).endpoint(), "--env", "CLIENT_ROLE_ARN="+closedRole, image, "/bin/echo", "the job runs")...)
	if got.code != 77 || got.stdout != "" || !strings.Contains(got.stderr, "role/closed") {
		t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
}

// podWith joins options, of which the later ones count.
func podWith(options []string, more ...string) []string {
	return append(append([]string{}, options...), more...)
}
