package main

import (
	"path/filepath"

	"rolechain/internal/buildtest"
)

// Folders of programs, in build/conformance.
const (
	asShipped = "programs"
	withClock = "programs-clock" // the same sources on a faked clock
)

// buildPrograms builds both programs, and builds them on a faked clock if a cell needs that.
func buildPrograms(build string, clock bool) error {
	if err := buildtest.Programs(filepath.Join(build, asShipped)); err != nil || !clock {
		return err
	}
	// The go command looks into no folder with such a name: these are no packages.
	overlay, err := writeOverlay(filepath.Join(build, "_overlay"))
	if err != nil {
		return err
	}
	return buildtest.Programs(filepath.Join(build, withClock), "-overlay", overlay)
}
