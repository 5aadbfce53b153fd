//go:build images

package test

import (
	"regexp"
	"strings"
	"testing"
)

var arm64 = []string{"--platform", "linux/arm64"}

// The image for arm64 under qemu: that its programs are for it, and do there what they do here.
func TestARM64(t *testing.T) {
	run(t, podWith(arm64, imageARM, "/bin/bash", "-c", "uname -m; exit 3")...).want(t, result{"aarch64\n", "", 3})
	got := run(t, podWith(arm64, "--entrypoint", "/opt/rolechain/rolechain", imageARM, "version")...)
	if !regexp.MustCompile(`^rolechain .* \(commit [0-9a-f]{12}( with changes)?, go1\.[0-9.]+, linux/arm64\)\n$`).MatchString(got.stdout) {
		t.Errorf("%+v", got)
	}
	got = run(t, podWith(arm64, append(chained(t), imageARM, "/bin/grep", "^role_arn", "/home/hadoop/.aws/config")...)...)
	if want := "role_arn = arn:aws:iam::444455556666:role/client\nrole_arn = arn:aws:iam::111122223333:role/job\n"; got.stdout != want || got.code != 0 {
		t.Errorf("%+v", got)
	}
	got = run(t, podWith(arm64, "--env", "CLIENT_ROLE_ARN=", imageARM, "/bin/echo", "the job runs")...)
	if got.code != 78 || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

// endpoint delivery there, with a refresher, an STS on the other side, and an SDK.
func TestARM64Endpoint(t *testing.T) {
	pod := start(t, podWith(startServices(t).endpoint(), append(arm64, imageARM, "/usr/bin/python3", "-c", whoami)...)...)
	for _, want := range []string{
		`^[a-z-]+ arn:aws:sts::444455556666:assumed-role/client/pod$`, "^the same key$", "^no token$",
	} {
		if got := pod.line(t); !regexp.MustCompile(want).MatchString(got) {
			t.Fatalf("%q, want %s", got, want)
		}
	}
	if got := pod.exec(t, "/opt/rolechain/rolechain", "status"); got.code != 0 || !strings.Contains(got.stdout, "role/client") {
		t.Errorf("%+v", got)
	}
	pod.stdin.Close()
	if got := pod.wait(t); got.stdout != "done\n" || got.code != 0 {
		t.Errorf("%+v", got)
	}
}
