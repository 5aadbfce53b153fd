package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/sdktest"
	"rolechain/internal/ststest"
)

// freePort is one that nobody listens on, and that nobody is given by chance until the test ends: a socket holds it that does not
// listen, beside which one with SO_REUSEADDR may.
func freePort(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	at := unix.Sockaddr(&unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err == nil {
		err = unix.Bind(fd, at)
	}
	if err == nil {
		at, err = unix.Getsockname(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}

// scrape is what address serves.
func scrape(t *testing.T, address string) string {
	t.Helper()
	r, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/openmetrics-text; version=1.0.0; charset=utf-8" {
		t.Fatalf("%s %q, %v", r.Status, r.Header, err)
	}
	return string(body)
}

// sample is the value of a series, "" when it is not there.
func sample(text, series string) string {
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// What the refresher serves says how the sessions stand and what was asked of whom, in the form that OpenMetrics prescribes, and
// holds no secret and no ARN; a worker that is killed leaves the address to the next one.
func TestMetrics(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	address := freePort(t)
	j := startJob(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_METRICS="+address, "ROLE_CHAIN_PROFILES=reports="+otherRole+",idle="+otherRole)
	if _, status, err := j.ask("/credentials"); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	j.process("AWS_CONFIG_FILE", "default")
	if err := sts.Inject(ststest.Fault{Kind: ststest.Throttle, Action: "AssumeRole", Times: 1}); err != nil {
		t.Fatal(err)
	}
	j.process("AWS_CONFIG_FILE", "profile reports")
	if _, _, code := j.rolechain(j.given, "status"); code != 0 {
		t.Errorf("status ends with %d", code)
	}
	text := scrape(t, address)
	for series, want := range map[string]string{
		`rolechain_refreshes_total{profile="default"}`:                                  "1",
		`rolechain_refreshes_total{profile="reports"}`:                                  "1",
		`rolechain_refresh_failures_total{profile="reports",hop="2",code="Throttling"}`: "1",
		`rolechain_session_left_seconds{profile="idle"}`:                                "NaN",
		`rolechain_requests_total{way="endpoint",status="200"}`:                         "1",
		`rolechain_requests_total{way="status",status="200"}`:                           "1",
		`rolechain_requests_total{way="process",status="200"}`:                          "2",
		`rolechain_sts_duration_seconds_count{hop="1"}`:                                 "1",
		`rolechain_sts_duration_seconds_count{hop="2"}`:                                 "3",
		`rolechain_sts_duration_seconds_bucket{hop="2",le="+Inf"}`:                      "3",
		`rolechain_worker_restarts_total`:                                               "0",
	} {
		if got := sample(text, series); got != want {
			t.Errorf("%s is %q, want %s", series, got, want)
		}
	}
	if left, err := strconv.ParseFloat(sample(text, `rolechain_session_left_seconds{profile="default"}`), 64); err != nil || left < 3500 || left > 3600 {
		t.Errorf("%v s are left, %v", left, err)
	}
	parseOpenMetrics(t, text)
	secrets := append(sts.Secrets(), j.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"], "arn:aws")
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q is among the metrics", secret)
		}
	}
	for path, want := range map[string]int{"/": 404, "/credentials": 404, "/status": 404} {
		if r, err := http.Get("http://" + address + path); err != nil || r.StatusCode != want {
			t.Errorf("%s: %v, %v", path, r, err)
		}
	}
	if r, err := http.Post("http://"+address+"/metrics", "text/plain", nil); err != nil || r.StatusCode != 405 {
		t.Errorf("POST: %v, %v", r, err)
	}

	// The connection waits for the next worker.
	worker := j.refreshers()[1]
	j.kill(worker)
	text = scrape(t, address)
	if got := sample(text, "rolechain_worker_restarts_total"); got != "1" {
		t.Errorf("%s restarts\n%s", got, text)
	}
	if left := sample(text, `rolechain_session_left_seconds{profile="default"}`); left == "" || left == "NaN" {
		t.Errorf("%q s are left of the predecessor's session", left)
	}
	parseOpenMetrics(t, text)
}

// parseOpenMetrics has the strict parser of Prometheus's own client read text.
func parseOpenMetrics(t *testing.T, text string) {
	t.Helper()
	c := exec.Command(sdktest.Python(t), "-c", `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.name, family.type, family.unit, bool(family.documentation))`)
	c.Stdin = strings.NewReader(text)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	for _, want := range []string{"rolechain_session_left_seconds gauge seconds True\n", "rolechain_sts_duration_seconds histogram seconds True\n", "rolechain_worker_restarts counter  True\n"} {
		if !strings.Contains(string(out), want) && !(strings.Contains(want, "histogram") && !strings.Contains(text, "sts_duration")) {
			t.Errorf("without %q:\n%s", want, out)
		}
	}
}

// A port that somebody has is a warning; the job has its credentials all the same.
func TestMetricsPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	j := startJob(t, chainOf(t, 0), "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_METRICS="+l.Addr().String())
	if _, status, err := j.ask("/credentials"); err != nil || status != 200 {
		t.Error(status, err)
	}
	if want := fmt.Sprintf("warning: ROLE_CHAIN_METRICS: there are no metrics: listening on %s: address already in use", l.Addr()); !strings.Contains(j.stderr.String(), want) {
		t.Errorf("no %q in\n%s", want, j.stderr)
	}
}
