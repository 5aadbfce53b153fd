package docs

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

const ecr = "111111111111.dkr.ecr.us-west-2.amazonaws.com"

// The quick start of README.md, line by line, ends with an image in a registry and a job that names it. The registry is real
// and on loopback; `docker` reads the bake file as buildx does and pushes (tools/quickstart); `aws` takes what botocore's
// models take, and start-job-run what the model of its input takes.
func TestQuickStart(t *testing.T) {
	python := sdktest.Python(t)
	tool := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.Command("go", "build", "-C", "../tools", "-o", tool, "./quickstart").CombinedOutput(); err != nil {
		t.Fatalf("building quickstart: %v\n%s", err, out)
	}
	address := registry(t, tool)
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	for name, script := range map[string]string{
		"docker": `exec "$TOOL" docker "$@"`,
		"make":   `[ "$*" = build ] && mkdir -p build && cp "$PROGRAMS/rolechain" build/`,
		"git":    `[ "$*" = "rev-parse HEAD" ] && echo 0123456789abcdef0123456789abcdef01234567`,
		"aws": `printf '%s\0' "$@" >>"$CALLS"; echo >>"$CALLS"
			case "$1 $2" in
			"ecr get-login-password") echo password ;;
			"s3 cp") [ -f "$3" ] ;;
			"emr-containers start-job-run") cp "${4#file://}" submitted.json ;;
			esac`,
	} {
		write(t, filepath.Join(bin, name), "#!/bin/bash\n"+script+"\n")
	}
	for _, name := range []string{"images", "examples"} {
		absolute, err := filepath.Abs(filepath.Join(root, name))
		if err == nil {
			err = os.Symlink(absolute, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	blocks := quickStart(t)
	script := "set -euo pipefail\n" + strings.ReplaceAll(strings.Join(blocks[:2], "\n"), ecr, address)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	calls := filepath.Join(dir, "calls")
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "TOOL=" + tool, "PROGRAMS=" + programs, "CALLS=" + calls}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}

	// The job was submitted, with an image that is in the registry and holds the programs.
	submitted := filepath.Join(dir, "submitted.json")
	check := exec.Command(python, "-I", "../examples/spark/submissions/testdata/startjobrun.py", submitted)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("start-job-run: %v\n%s", err, out)
	}
	text, err := os.ReadFile(submitted)
	if err != nil {
		t.Fatal(err)
	}
	_, image, _ := strings.Cut(string(text), `"spark.kubernetes.container.image": "`)
	image, _, _ = strings.Cut(image, `"`)
	files, err := exec.Command(tool, "list", image).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%q is not in the registry: %v\n%s", image, err, exit.Stderr)
	}
	for _, want := range []string{"opt/rolechain/entrypoint\n", "opt/rolechain/rolechain\n", "usr/bin/entrypoint.sh\n"} {
		if !strings.Contains(string(files), want) {
			t.Errorf("%s has no %s:\n%s", image, want, files)
		}
	}
	asked, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(asked), "\n"); n != 4 {
		t.Errorf("%d calls of the AWS CLI: %q", n, asked)
	}
	var job map[string]any
	if err := json.Unmarshal(text, &job); err != nil || job["executionRoleArn"] != jobRole {
		t.Errorf("%v: %s", err, text)
	}
	if len(strings.Split(strings.TrimSpace(blocks[2]), "\n")) != 3 {
		t.Errorf("three commands show that it works, not\n%s", blocks[2])
	}
}

// quickStart returns the blocks of the README's quick start, with its continued lines.
func quickStart(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Quick start\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, b := range parse(section).blocks {
		blocks = append(blocks, strings.Join(b, "\n"))
	}
	if len(blocks) != 3 {
		t.Fatalf("the quick start has %d blocks", len(blocks))
	}
	return blocks
}

// registry starts one that lives as long as the test, and returns its address.
func registry(t *testing.T, tool string) string {
	t.Helper()
	cmd := exec.Command(tool, "registry")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
