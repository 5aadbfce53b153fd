// Package shipped makes the programs that tests and suites run, as they are shipped.
package buildtest

import (
	"fmt"
	"os"
	"os/exec"
)

// Programs builds entrypoint and rolechain into dir, which is made. more are flags of go build, or further packages; the
// working directory is anywhere in the module.
func Programs(dir string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-o", dir + "/"}, more...)
	cmd := exec.Command("go", append(args, "rolechain/cmd/entrypoint", "rolechain/cmd/rolechain")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}
