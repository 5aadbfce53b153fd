//go:build images

// Package test runs the images that "make images" has built, on a Docker engine of its own, and looks at them from
// outside, as the kubelet and AWS's validator do: streams, exit codes, signals, processes, files.
package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/images/build/rig"
)

const (
	image    = "rolechain-standin:amd64"
	imageARM = "rolechain-standin:arm64"
	sidecar  = "rolechain-sidecar" // the log shipper of EMR's pods

	root  = "../.." // the repository's
	built = root + "/build/images"
)

var docker *rig.Docker

func TestMain(m *testing.M) {
	code, err := withDocker(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withDocker also tests that nothing is left behind: Stop fails when something cannot be ended or removed.
func withDocker(run func() int) (code int, err error) {
	undo, err := rig.EmulateARM64()
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, undo()) }()
	if docker, err = rig.StartDocker(filepath.Join(built, "engine")); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stopBuildKit(), docker.Stop()) }()
	for _, name := range []string{"standin-amd64", "standin-arm64", "sidecar"} {
		cmd := docker.Command("load", "--quiet", "--input", filepath.Join(built, name+".tar"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("docker load: %w: %s", err, out)
		}
	}
	code = run()
	out, err := docker.Command("ps", "--all", "--quiet").Output()
	if err == nil && len(out) > 0 {
		err = fmt.Errorf("containers are left: %s", strings.Fields(string(out)))
	}
	return code, err
}
