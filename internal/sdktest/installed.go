package sdktest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What decides the content of an installation, in the order in which install.sh hashes it; relative to this package.
var (
	pythonLocks = []string{"python/requirements.txt"}
	jsLocks     = []string{"js/package.json", "js/package-lock.json"}
	javaLocks   = []string{"java/pom.xml", "java/src/main/java/Parse.java"}
)

// installed returns the folder of one installation under build/realsdk. It ends the test when the folder is not there or
// was made from other lock files: an old SDK would answer for the new one.
func installed(t testing.TB, language, what, target string, locks []string) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "build", "realsdk", language)
	stamp, err := os.ReadFile(filepath.Join(dir, ".stamp"))
	if errors.Is(err, os.ErrNotExist) {
		Missing(t, fmt.Sprintf("%s (%s)", what, target))
	} else if err != nil {
		t.Fatal(err)
	}
	want, err := lockHash(filepath.Join(root, "internal", "sdktest"), locks)
	if err != nil {
		t.Fatal(err)
	}
	// A second line, if any, holds the arguments that install.sh was given: another SDK version, chosen by hand.
	if got, _, _ := strings.Cut(string(stamp), "\n"); got != want {
		Missing(t, fmt.Sprintf("%s as locked now, another is installed (%s)", what, target))
	}
	return dir
}

// lockHash is the hex SHA-256 of the files' contents, one after the other, as `cat files | sha256sum` has it.
func lockHash(dir string, files []string) (string, error) {
	hash := sha256.New()
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return "", fmt.Errorf("reading a lock file: %w", err)
		}
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// moduleRoot is the nearest folder with a go.mod, from the working directory up. Tests run in their package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the module's root: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("finding the module's root: no go.mod in the working directory or above it")
		}
		dir = parent
	}
}
