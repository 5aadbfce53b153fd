package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Folders of programs, in build/conformance.
const (
	asShipped = "programs"
	withClock = "programs-clock" // the same sources on a faked clock
)

// buildPrograms builds both programs, and builds them on a faked clock if a cell needs that.
func buildPrograms(root, build string, clock bool) error {
	if err := goBuild(root, filepath.Join(build, asShipped)); err != nil || !clock {
		return err
	}
	// The go command looks into no folder with such a name: these are no packages.
	overlay, err := writeOverlay(filepath.Join(build, "_overlay"))
	if err != nil {
		return err
	}
	return goBuild(root, filepath.Join(build, withClock), "-overlay", overlay)
}

func goBuild(root, target string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-o", target + "/"}, more...)
	cmd := exec.Command("go", append(args, "./cmd/entrypoint", "./cmd/rolechain")...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}
