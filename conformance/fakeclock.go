package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// fakeClock returns the variables by which the programs and the SDK get the pod's clock, and writes the launcher that
// does it: Debian's faketime for the SDK, the overlay (overlay.go) for the programs, which ask the kernel without any
// library between. The clocks differ by what the entrypoint takes before the exec, times factor: some seconds of an hour.
func (p *pod) fakeClock(launcher string) []string {
	wrapper := filepath.Join(p.Work, "run")
	text := fmt.Sprintf("#!/bin/sh\nexec faketime -f '@%s x%d' '%s' \"$@\"\n", p.clock.now().Format("2006-01-02 15:04:05"), factor, launcher)
	// A failure shows as an entrypoint that cannot execute it.
	_ = os.WriteFile(wrapper, []byte(text), 0o755)
	return []string{
		"ROLE_CHAIN_ENTRYPOINT=" + wrapper,
		fmt.Sprintf("%s=%d %d", clockEnv, p.clock.began.UnixNano(), factor),
	}
}
