package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

//go:embed script.sh
var script []byte

// Programs are the files of what is measured; "" is one that this machine does not have.
type programs struct {
	target, floor, again, script, entrypoint string // made here; again is a copy of floor
	bash, tini                               string // found on PATH
}

// build makes the programs in dir. Both Go programs have the flags of the released ones.
func build(dir string) (programs, error) {
	p := programs{
		target:     filepath.Join(dir, "target"),
		floor:      filepath.Join(dir, "floor"),
		again:      filepath.Join(dir, "floor-again"),
		script:     filepath.Join(dir, "script.sh"),
		entrypoint: filepath.Join(dir, "entrypoint"),
	}
	image, err := target(runtime.GOARCH)
	if err != nil {
		return p, err
	}
	if err := os.WriteFile(p.target, image, 0o755); err != nil {
		return p, err
	}
	if err := os.WriteFile(p.script, script, 0o755); err != nil {
		return p, err
	}
	for file, pkg := range map[string]string{p.floor: "rolechain/bench/start/floor", p.entrypoint: "rolechain/cmd/entrypoint"} {
		cmd := exec.Command("go", "build", "-trimpath", "-o", file, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("building %s: %w\n%s", pkg, err, out)
		}
	}
	if err := install(p.floor, p.again); err != nil {
		return p, err
	}
	for _, file := range []string{p.target, p.floor, p.script, p.entrypoint} {
		if err := settle(file); err != nil {
			return p, err
		}
	}
	p.bash, _ = exec.LookPath("bash")
	p.tini, err = exec.LookPath("tini-static")
	if err != nil {
		p.tini, _ = exec.LookPath("tini")
	}
	return p, nil
}

// install copies a program.
func install(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		return err
	}
	return settle(to)
}

// settle lets the kernel read file from the disk at its next use, as in a container. A file that the linker has just
// written lies in the page cache in smaller pieces, and of two equal files the one that had been there for longer took 8 %
// less time.
func settle(file string) error {
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
