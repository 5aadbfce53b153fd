package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// probes is the folder of the probes, relative to the repository.
const probes = "conformance/probes"

// cannotInstall is the exit code of an install script that lacks something which no package registry has. Any other is
// a failure.
const cannotInstall = 3

// errCannot is an installation that is not possible here.
var errCannot = errors.New("cannot be installed here")

// install makes build/conformance/FOLDER by the probe's own install script, unless what is there came from the same
// files. Only package managers download.
func install(root, build, folder string) error {
	source, target := filepath.Join(root, probes, folder), filepath.Join(build, folder)
	stamp, err := stampOf(filepath.Join(root, probes), folder)
	if err != nil {
		return err
	}
	file := filepath.Join(target, ".stamp")
	if got, err := os.ReadFile(file); err == nil && string(got) == stamp {
		return nil
	}
	// The stamp is the last thing written: a broken installation has none.
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(source, "install"))
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "PROBE_DIR="+source, "PROBE_BUILD="+target)
	out, err := cmd.CombinedOutput()
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) && exited.ExitCode() == cannotInstall {
		return fmt.Errorf("%s: %w: %s", folder, errCannot, strings.TrimSpace(string(out)))
	}
	if err != nil {
		return fmt.Errorf("installing the probe %s: %w\n%s", folder, err, out)
	}
	return os.WriteFile(file, []byte(stamp), 0o644)
}

// agree reports whether the probes below dir, which are the folders with a launcher, are those of the table.
func agree(dir string, t Table) error {
	launchers, err := filepath.Glob(filepath.Join(dir, "*", "run"))
	if err != nil {
		return err
	}
	missing := map[string]bool{}
	for _, launcher := range launchers {
		missing[filepath.Base(filepath.Dir(launcher))] = true
	}
	for _, sdk := range t.SDKs {
		folder, _, _ := strings.Cut(sdk, "/")
		if _, err := os.Stat(filepath.Join(dir, folder, "run")); err != nil {
			return fmt.Errorf("%s has an SDK %q without a probe: %w", expectedFile, sdk, err)
		}
		delete(missing, folder)
	}
	for folder := range missing {
		return fmt.Errorf("%s has no line for the probe %s", expectedFile, folder)
	}
	return nil
}

// stampOf hashes the probe's files, and those of the folders beside it that its scripts reach as ../NAME/: what probes share.
func stampOf(dir, folder string) (string, error) {
	folders := []string{folder}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	scripts := ""
	for _, name := range []string{"install", "run"} {
		content, err := os.ReadFile(filepath.Join(dir, folder, name))
		if err != nil {
			return "", fmt.Errorf("reading the probe %s: %w", folder, err)
		}
		scripts += string(content)
	}
	for _, e := range entries {
		if strings.Contains(scripts, "/../"+e.Name()+"/") {
			folders = append(folders, e.Name())
		}
	}
	hash := sha256.New()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			fmt.Fprintf(hash, "%s %d\n", strings.TrimPrefix(path, dir), len(content))
			hash.Write(content)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("reading the probe %s: %w", folder, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
