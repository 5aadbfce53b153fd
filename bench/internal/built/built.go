// Package built makes the programs that a benchmark measures, as a container has them.
package built

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Go builds packages of this module, each to its file, with the flags of the released programs.
func Go(packages map[string]string) error {
	for file, pkg := range packages {
		cmd := exec.Command("go", "build", "-trimpath", "-o", file, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
		}
		if err := Settle(file); err != nil {
			return err
		}
	}
	return nil
}

// Install copies a program.
func Install(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		return err
	}
	return Settle(to)
}

// Settle lets the kernel read file from the disk at its next use, as in a container. A file that the linker has just
// written lies in the page cache in smaller pieces, and of two equal files the one that had been there for longer took 8 %
// less time.
func Settle(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // dirty pages are not dropped
		return fmt.Errorf("syncing %s: %w", file, err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("dropping %s from the page cache: %w", file, err)
	}
	return nil
}
