package main

import (
	"os"
	"os/exec"
	"testing"

	"rolechain/internal/sdktest"
)

// What is started ahead of others has that priority, and what is started later by the same thread does not.
func TestAhead(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv(sdktest.RequireTools) == "1" {
			t.Fatalf("SKIPPED: needs root; %s=1 forbids skipping", sdktest.RequireTools)
		}
		t.Skip("SKIPPED: needs root")
	}
	niceness := func() string {
		t.Helper()
		out, err := exec.Command("nice").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	before := niceness()
	done, err := ahead()
	if err != nil {
		t.Fatal(err)
	}
	ahead := niceness()
	done()
	if after := niceness(); ahead != "-15\n" || after != before {
		t.Errorf("niceness is %q, then %q, then %q", before, ahead, after)
	}
}
