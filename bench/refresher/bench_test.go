package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"rolechain/bench/internal/rig"
	"rolechain/internal/ststest"
)

// One round of everything: each pod has done what it should, or run fails.
func TestRun(t *testing.T) {
	var out, errs strings.Builder
	disk := t.TempDir()
	if code := run([]string{"-starts", "1", "-loads", "1", "-requests", "100", "-disk", disk}, &out, &errs); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &out, &errs)
	}
	for _, text := range []string{"\n0 ms       rolechain, endpoint  ", "\n30 ms      rolechain, file      ", "\nGo v2  64 ", "\nfresh        8        endpoint ", "memory of the refresher"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is not in it:\n%s", text, &out)
		}
	}
	if left, _ := os.ReadDir(disk); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The claim of the deliveries, which is no matter of time.
func TestCallsOfACrowd(t *testing.T) {
	c, err := newCluster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for delivery, want := range map[string]int{"profile": 2 * 3, "file": 2 + 2*3, "endpoint": 2} {
		if got, err := c.crowd(delivery, rig.Place{Dir: t.TempDir()}, "go 3"); err != nil || got != want {
			t.Errorf("%s: %d calls, %v, want %d", delivery, got, err, want)
		}
	}
	if _, err := c.crowd("endpoint", rig.Place{Dir: t.TempDir()}, "cobol 3"); err == nil || !strings.Contains(err.Error(), `"cobol" is not one of the SDKs`) {
		t.Errorf("an SDK that is none gives %v", err)
	}
	if err := c.sts.Inject(ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.crowd("profile", rig.Place{Dir: t.TempDir()}, "go 1"); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("a session that STS refuses gives %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-starts", "0"}, {"-loads", "0"}, {"-requests", "-1"}, {"x"}, {"-nosuch"}} {
		var out, errs strings.Builder
		if code := run(args, &out, &errs); code != 2 || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", args, code, &out, &errs)
		}
	}
}

// An answer that is no session is no figure.
func TestClientRefuses(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                  "",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}": "503 Service Unavailable",
		"HTTP/1.1 200 OK\r\n\r\n{}":                                       "without a Content-Length",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}":                  "EOF",
	} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = conn.Write([]byte(answer))
		}()
		_, err = serverAt(l.Addr().String(), "/credentials", "token").once()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", answer, err, want)
		}
		l.Close()
	}
}

func TestProcesses(t *testing.T) {
	if pid, err := onlyChild(os.Getpid()); err == nil {
		t.Errorf("nobody's child is %d", pid)
	}
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if pid, err := onlyChild(os.Getpid()); err != nil || pid != cmd.Process.Pid {
		t.Errorf("the child is %d, %v, want %d", pid, err, cmd.Process.Pid)
	}
	if f, err := footprintOf(os.Getpid()); err != nil || f.private < 100 || f.anonymous < 100 {
		t.Errorf("this process has %+v, %v", f, err)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
