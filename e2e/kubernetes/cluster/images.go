package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"rolechain/images/build/layout"
)

const pauseImage = "localhost/pause:latest"

// Import gives containerd the images of a layout that layout.WriteNamed wrote.
func (c *Cluster) Import(ctx context.Context, dir string) error {
	tar := exec.CommandContext(ctx, "tar", "--create", "--directory", dir, ".")
	ctr := exec.CommandContext(ctx, "ctr", "--namespace", "k8s.io", "images", "import", "-")
	pipe, err := tar.StdoutPipe()
	if err != nil {
		return err
	}
	ctr.Stdin = pipe
	if err := tar.Start(); err != nil {
		return err
	}
	out, err := ctr.CombinedOutput()
	if failed := tar.Wait(); err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("importing images: %w: %s", err, out)
	}
	return nil
}

// importPause makes the image of the sandboxes.
func (c *Cluster) importPause(ctx context.Context) error {
	dir := filepath.Join(c.Dir, "pause")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	layer := filepath.Join(dir, "layer.tar")
	if out, err := exec.CommandContext(ctx, "tar", "--create", "--file", layer, "--owner=0", "--group=0", "--directory", c.Bin, "pause").CombinedOutput(); err != nil {
		return fmt.Errorf("making the image pause: %w: %s", err, out)
	}
	oci := filepath.Join(dir, "oci")
	image := layout.Image{Architecture: runtime.GOARCH, Layers: []string{layer}, Entrypoint: []string{"/pause"}}
	if err := layout.WriteNamed(oci, map[string]layout.Image{pauseImage: image}); err != nil {
		return err
	}
	return c.Import(ctx, oci)
}
