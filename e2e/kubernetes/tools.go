package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"rolechain/internal/buildtest"
)

// buildTools builds Kubernetes and etcd into dir, which takes minutes, unless they are there. The pause program comes with
// them. The caches of Go are not needed once they are there, so that dir alone may be kept between machines.
func buildTools(ctx context.Context, root, dir string) error {
	module := filepath.Join(root, "e2e", "kubernetes", "tools")
	listed := exec.CommandContext(ctx, "go", "-C", module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	listed.Stderr = os.Stderr
	version, err := listed.Output()
	if err != nil {
		return fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	kubernetes := strings.TrimSpace(string(version))
	var flags []string
	major, minor, _ := strings.Cut(strings.TrimPrefix(kubernetes, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	for _, place := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for name, value := range map[string]string{"gitVersion": kubernetes, "gitMajor": major, "gitMinor": minor} {
			flags = append(flags, "-X "+place+"."+name+"="+value)
		}
	}
	key := sha256.New()
	for _, file := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(module, file))
		if err != nil {
			return err
		}
		key.Write(data)
	}
	fmt.Fprintln(key, runtime.Version(), runtime.GOARCH)
	made := fmt.Sprintf("%x", key.Sum(nil))
	stamp := filepath.Join(dir, ".made")
	if before, err := os.ReadFile(stamp); err != nil || string(before) != made {
		if err := os.RemoveAll(stamp); err != nil {
			return err
		}
		build := exec.CommandContext(ctx, "go", "-C", module, "build", "-trimpath", "-buildvcs=false",
			"-ldflags", "-s -w "+strings.Join(flags, " "), "-o", dir+"/", "tool")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building Kubernetes: %w\n%s", err, out)
		}
		// etcd's package is called after what it is there.
		if err := os.Rename(filepath.Join(dir, "server"), filepath.Join(dir, "etcd")); err != nil {
			return err
		}
		if err := os.WriteFile(stamp, []byte(made), 0o644); err != nil {
			return err
		}
	}
	return buildtest.Programs(dir, "rolechain/e2e/kubernetes/pause")
}
