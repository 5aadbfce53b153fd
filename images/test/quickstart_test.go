//go:build images

package test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The line of the quick start in README.md that builds and pushes, with BuildKit and a registry on loopback. On the smaller
// stand-in, for arm64; what comes before and after that line is tested in docs.
func TestQuickStart(t *testing.T) {
	_, line, found := strings.Cut(read(t, root+"/README.md"), "\n    docker buildx bake ")
	if !found {
		t.Fatal("README.md builds in another way")
	}
	line, _, _ = strings.Cut(line, "\n")
	tool := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.Command("go", "build", "-C", root+"/tools", "-o", tool, "./quickstart").CombinedOutput(); err != nil {
		t.Fatalf("building quickstart: %v\n%s", err, out)
	}
	registry := exec.Command(tool, "registry")
	stdin, err := registry.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := registry.StdoutPipe()
	if err == nil {
		err = registry.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		registry.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)

	t.Setenv("REGISTRY", address+"/")
	buildx(t, append(append([]string{"bake"}, strings.Fields(line)...),
		"--file", "images/build/standin/docker-bake.hcl", "--set", "*.platform=linux/arm64")...)
	image := address + "/spark/emr-7.14.0:v1.2.3"
	files, err := exec.Command(tool, "list", image).CombinedOutput()
	if err != nil {
		t.Fatalf("%s is not in the registry: %v\n%s", image, err, files)
	}
	for _, want := range []string{"entrypoint", "rolechain", "original", "rolechain-hadoop.jar"} {
		if !strings.Contains("\n"+string(files), "\nopt/rolechain/"+want+"\n") {
			t.Errorf("%s has no /opt/rolechain/%s", image, want)
		}
	}
}
