package main

import (
	"strings"
	"testing"
	"time"
)

const wholeFile = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = CC\n\n[dev]\naws_access_key_id = X\n"

// Whatever a writer that truncates would leave is not taken for a file.
func TestTornFiles(t *testing.T) {
	if keys, problem := parseCredentials([]byte(wholeFile)); problem != "" || keys != (Keys{AccessKeyId: "A", SecretAccessKey: "B", Token: "CC"}) {
		t.Errorf("%+v, %s", keys, problem)
	}
	complete := strings.Index(wholeFile, "CC\n") + 3
	for n := range complete {
		if keys, problem := parseCredentials([]byte(wholeFile[:n])); problem == "" {
			t.Errorf("%q is taken for %+v", wholeFile[:n], keys)
		}
	}
	if _, problem := parseCredentials([]byte(wholeFile[:complete] + "aws_session_token = D\n")); problem == "" {
		t.Error("two tokens are taken")
	}
}

// A secret in a log is found, and told without being repeated; a cause is looked for by its words.
func TestLogs(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG"
	if found := leak("x "+secret+" y", "short", secret); found == "" || strings.Contains(found, secret) {
		t.Errorf("%q", found)
	}
	if found := leak("nothing of the kind", secret, ""); found != "" {
		t.Errorf("%q", found)
	}
	if silent("hop 2: Throttling: Rate exceeded", "throttle") || !silent("no session", "throttle") || silent("", "slow") {
		t.Error("causes are taken for others")
	}
	for cause := range causes {
		if familyOf(cause) == "" && !strings.HasSuffix(cause, " died") {
			t.Errorf("%s is no fault", cause)
		}
	}
}

// A log that nobody reads is full, and nothing of what was written before and after is lost.
func TestLogStops(t *testing.T) {
	log, err := newLog()
	if err != nil {
		t.Fatal(err)
	}
	resume, err := log.stop()
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error)
	go func() {
		_, err := log.w.WriteString("a line\n")
		log.w.Close()
		wrote <- err
	}()
	if strings.Contains(log.String(), "a line") {
		t.Error("it is read")
	}
	if err := resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil || !log.drained(time.Minute) || log.String() != "a line\n" {
		t.Errorf("%v, %q", err, log.String())
	}
}

// Groups are found by /proc/self/cgroup in both versions.
func TestOwnGroup(t *testing.T) {
	const both = "8:pids:/a\n4:cpu,memory:/b/c\n0::/d\n"
	for controller, want := range map[string]string{"pids": "/a", "memory": "/b/c", "": "/d", "io": "/"} {
		if got := ownGroup(both, controller); got != want {
			t.Errorf("%q is in %s, want %s", controller, got, want)
		}
	}
}

// What grows is named; what rests is not.
func TestSoakCompares(t *testing.T) {
	flat, growing := []used{}, []used{}
	for n := range 100 {
		flat = append(flat, used{12, 8, float64(9000 + n%7*100)})
		growing = append(growing, used{float64(12 + n), 8, 9000})
	}
	if found := compare("worker", flat); len(found) != 0 {
		t.Errorf("%q", found)
	}
	if found := compare("worker", growing); len(found) != 1 || !strings.Contains(found[0], "descriptors") {
		t.Errorf("%q", found)
	}
	if found := compare("worker", flat[:5]); len(found) == 0 {
		t.Error("a few samples are enough")
	}
}
