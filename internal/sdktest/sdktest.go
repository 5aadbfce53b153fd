// Package sdktest gives this project's tests the AWS SDKs of other languages: to run, and to ask what they read in a file.
//
// The SDKs are not part of the build. install.sh (make realsdk, make realsdk-java) puts them under build/realsdk, by the
// lock files beside this page; a test that needs one skips without it, or fails when [RequireTools] is set. At test time
// nothing is downloaded and nothing leaves the machine.
//
// It is imported by tests only.
package sdktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RequireTools names the variable that, set to 1, turns a skip into a failure. CI sets it: a skipped test proves nothing.
const RequireTools = "ROLECHAIN_REQUIRE_TOOLS"

// Python returns the absolute path of a python that has boto3 and botocore.
func Python(t testing.TB) string {
	t.Helper()
	dir := installed(t, "python", "boto3", "make realsdk", pythonLocks)
	return filepath.Join(dir, "bin", "python")
}

// Node returns the absolute path of node and the folder in which node_modules lies. A script finds the SDK when it is
// a file in that folder, or when it is given with -e and runs there.
func Node(t testing.TB) (node, dir string) {
	t.Helper()
	dir = installed(t, "js", "the AWS SDK for JavaScript", "make realsdk", jsLocks)
	return command(t, "node"), dir
}

// Java returns the absolute path of java and a class path with both SDKs for Java and the probe (see java/src).
func Java(t testing.TB) (java, classpath string) {
	t.Helper()
	dir := installed(t, "java", "the AWS SDKs for Java", "make realsdk-java", javaLocks)
	return command(t, "java"), filepath.Join(dir, "classes") + ":" + filepath.Join(dir, "lib", "*")
}

// command is the absolute path of name, which must be on PATH.
func command(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" on PATH")
	}
	return path
}

// Missing ends the test for want of something. Its text begins with "SKIPPED: needs" either way, for scripts that list
// what a run left out.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(RequireTools) == "1" {
		t.Fatalf("SKIPPED: needs %s; %s=1 forbids skipping", what, RequireTools)
	}
	t.Skipf("SKIPPED: needs %s", what)
}
