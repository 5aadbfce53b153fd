package main

import (
	"os"
	"strings"
	"testing"

	"rolechain/internal/ststest"
)

// One round of everything: each pod has done what it should, or run fails.
func TestRun(t *testing.T) {
	var out, errs strings.Builder
	disk := t.TempDir()
	if code := run(t.Context(), []string{"-starts", "1", "-loads", "1", "-requests", "100", "-disk", disk}, &out, &errs); code != exitOK {
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
		if got, err := c.crowd(delivery, t.TempDir(), "go 3"); err != nil || got != want {
			t.Errorf("%s: %d calls, %v, want %d", delivery, got, err, want)
		}
	}
	if _, err := c.crowd("endpoint", t.TempDir(), "cobol 3"); err == nil || !strings.Contains(err.Error(), `"cobol" is not one of the SDKs`) {
		t.Errorf("an SDK that is none gives %v", err)
	}
	if err := c.sts.Inject(ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.crowd("profile", t.TempDir(), "go 1"); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("a session that STS refuses gives %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-starts", "0"}, {"-loads", "0"}, {"-requests", "-1"}, {"x"}, {"-nosuch"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != exitUsage || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", args, code, &out, &errs)
		}
	}
}
