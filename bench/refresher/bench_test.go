package main

import (
	"context"
	"io"
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
	disk := t.TempDir()
	t.Setenv("TMPDIR", disk)
	var out strings.Builder
	if err := rig.Run(t.Context(), (&options{rounds: 1, requests: 100}).bench, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
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
	err := rig.Run(t.Context(), func(_ context.Context, w *rig.Workspace, _ io.Writer) error {
		c, err := newCluster(w)
		if err != nil {
			return err
		}
		defer c.sts.Close()
		for delivery, want := range map[string]int{"profile": 2 * 3, "file": 2 + 2*3, "endpoint": 2} {
			if got, err := c.crowd(delivery, w.Places[0], 3, c.file("session")); err != nil || got != want {
				t.Errorf("%s: %d calls, %v, want %d", delivery, got, err, want)
			}
		}
		if _, err := c.crowd("endpoint", w.Places[0], 3, "/bin/sh", "-c", "echo AKIASTRANGER"); err == nil || !strings.Contains(err.Error(), "not of the client role") {
			t.Errorf("a session of another role gives %v", err)
		}
		if _, err := c.crowd("endpoint", w.Places[0], 3, "/bin/sh", "-c", "echo why"); err == nil || !strings.Contains(err.Error(), `"why"`) {
			t.Errorf("an SDK that fails gives %v", err)
		}
		if err := c.sts.Inject(ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole"}); err != nil {
			return err
		}
		if _, err := c.crowd("profile", w.Places[0], 1, c.file("session")); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("a session that STS refuses gives %v", err)
		}
		return nil
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
}

// An answer that is no session is no figure.
func TestClientRefuses(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                  "",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}": "503 Service Unavailable",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{":                   "EOF",
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
		_, err = (&client{server: serverAt(l.Addr().String(), "/credentials", "token")}).ask()
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
