package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

// What docs/laptop.md has people type does what it says, line by line.
func TestLaptop(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		sdktest.Missing(t, "curl on PATH")
	}
	// A root of its own: the page writes into build/.
	dir := t.TempDir()
	for _, name := range []string{"Makefile", "demo", "go.mod", "go.sum", "cmd", "internal", "tools"} {
		target, err := filepath.Abs(filepath.Join(root, name))
		if err == nil {
			err = os.Symlink(target, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "build"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"entrypoint", "rolechain"} { // what "make build" makes
		if err := os.Symlink(filepath.Join(programs, name), filepath.Join(dir, "build", name)); err != nil {
			t.Fatal(err)
		}
	}
	standin := exec.Command("go", "build", "-o", filepath.Join(dir, "build")+"/", "./internal/ststest/standin")
	standin.Dir = root
	if out, err := standin.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := strings.Join(pages(t)["docs/laptop.md"].blockLines(), "\n")
	script = strings.Replace(script, "make build\ngo build -o build/ ./internal/ststest/standin\n", "", 1)
	if strings.Contains(script, "make build") {
		t.Fatal("the page builds in another way")
	}
	c := exec.Command("bash", "-em", "-c", script)
	c.Dir, c.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	for want, times := range map[string]int{
		"pass     client role": 3, "delivery   endpoint\n": 1, "pass     job role": 1, "fail     client role  second hop": 1, "fail     first hop": 1, "exit code 77\n": 2,
	} {
		if n := strings.Count(stdout.String(), want); n != times {
			t.Errorf("%d times %q\n%s%s", n, want, &stdout, &stderr)
		}
	}
}
