// Package buildtest makes the programs that tests and suites run, as they are shipped.
package buildtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs builds entrypoint and rolechain into dir, which is made. more are flags of go build, or further packages; the
// working directory is anywhere in the module. Under GODEBUG=fips140=only the programs are built to refuse other
// cryptography as well: tests give them an environment of their own, without that variable.
func Programs(dir string, more ...string) error {
	args := []string{"build", "-trimpath", "-o", dir + "/"}
	if strings.Contains(os.Getenv("GODEBUG"), "fips140=only") {
		overlay, err := fipsOnly(dir)
		if err != nil {
			return fmt.Errorf("building the programs for fips140=only: %w", err)
		}
		args = append(args, "-overlay="+overlay)
	}
	args = append(append(args, more...), "rolechain/cmd/entrypoint", "rolechain/cmd/rolechain")
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

// fipsOnly writes an overlay for go build that adds a file with a directive to each of the programs.
func fipsOnly(dir string) (path string, err error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	directive := filepath.Join(dir, "fips140_only.go")
	if err == nil {
		err = os.WriteFile(directive, []byte("//go:debug fips140=only\n\npackage main\n"), 0o600)
	}
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, program := range []string{"entrypoint", "rolechain"} {
		replace[filepath.Join(strings.TrimSpace(string(root)), "cmd", program, "fips140_only.go")] = directive
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}
