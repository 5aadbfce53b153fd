package main

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"rolechain/bench/internal/built"
	"rolechain/bench/internal/spawn"
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
	image, err := spawn.Target(runtime.GOARCH)
	if err != nil {
		return p, err
	}
	if err := os.WriteFile(p.target, image, 0o755); err != nil {
		return p, err
	}
	if err := os.WriteFile(p.script, script, 0o755); err != nil {
		return p, err
	}
	if err := built.Go(map[string]string{p.floor: "rolechain/bench/start/floor", p.entrypoint: "rolechain/cmd/entrypoint"}); err != nil {
		return p, err
	}
	if err := built.Install(p.floor, p.again); err != nil {
		return p, err
	}
	for _, file := range []string{p.target, p.script} {
		if err := built.Settle(file); err != nil {
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
