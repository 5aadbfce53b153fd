package rig

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// BuildKit is a running buildkitd with buildx as its client.
type BuildKit struct {
	daemon *daemon
	run    string // its socket, and the client's settings
	buildx string
}

// StartBuildKit runs buildkitd from the directory tools. Its data, among them the cache, are in root.
func StartBuildKit(tools, root string) (*BuildKit, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if tools, err = filepath.Abs(tools); err != nil { // commands run in other directories, too
		return nil, err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	run, err := os.MkdirTemp("", "rig-") // a socket's path must not be long
	if err != nil {
		return nil, err
	}
	b := &BuildKit{run: run, buildx: filepath.Join(tools, "buildx")}
	address := "unix://" + filepath.Join(run, "buildkitd.sock")
	b.daemon, err = startDaemon(run, root+".log", filepath.Join(tools, "buildkitd"),
		"--root", root, "--addr", address, "--containerd-worker=false", "--oci-worker-binary", "runc")
	if err == nil {
		create := b.Buildx("create", "--name", "rig", "--driver", "remote", address)
		create.Stdout = nil // the name
		err = create.Run()
	}
	if err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// Buildx is a call of buildx that uses this BuildKit and no other.
func (b *BuildKit) Buildx(args ...string) *exec.Cmd {
	cmd := exec.Command(b.buildx, args...)
	cmd.Env = append(os.Environ(), "BUILDX_CONFIG="+b.run, "DOCKER_CONFIG="+b.run, "BUILDX_BUILDER=rig", "BUILDKIT_PROGRESS=plain")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd
}

// Stop ends it. The cache stays.
func (b *BuildKit) Stop() error {
	return errors.Join(b.daemon.stop(), os.RemoveAll(b.run))
}
