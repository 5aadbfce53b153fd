package sdktest

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// ended is a test that notes how it was ended.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper() {}

func (e *ended) Skipf(format string, args ...any) {
	e.how = "skip: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (e *ended) Fatalf(format string, args ...any) {
	e.how = "fatal: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// What is not there is skipped aloud, and where tools are required it is a failure that says the same.
func TestMissing(t *testing.T) {
	for require, want := range map[string]string{
		"":  "skip: SKIPPED: needs boto3 (make realsdk)",
		"0": "skip: SKIPPED: needs boto3 (make realsdk)",
		"1": "fatal: SKIPPED: needs boto3 (make realsdk); ROLECHAIN_REQUIRE_TOOLS=1 forbids skipping",
	} {
		t.Setenv(RequireTools, require)
		e := &ended{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			installed(e, "none", "boto3", "make realsdk", pythonLocks)
		}()
		<-done
		if e.how != want {
			t.Errorf("%s=%q: got %q, want %q", RequireTools, require, e.how, want)
		}
	}
}

// The stamp that install.sh writes is the one that this package looks for, else everything would be skipped for ever.
func TestLockHashIsTheShells(t *testing.T) {
	for _, locks := range [][]string{pythonLocks, jsLocks, javaLocks} {
		out, err := exec.Command("/bin/sh", "-c", "cat "+strings.Join(locks, " ")+" | sha256sum | cut -d ' ' -f 1").Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := lockHash(".", locks)
		if err != nil || got != strings.TrimSpace(string(out)) {
			t.Errorf("%v: got %s, %v; the shell has %s", locks, got, err, out)
		}
		script, err := os.ReadFile("install.sh")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(script), "locks='"+strings.Join(locks, " ")+"'") {
			t.Errorf("install.sh does not hash %v, in this order", locks)
		}
	}
}

// A lock file says what to install, not from where: that is the machine's affair.
func TestLocksNameNoRegistry(t *testing.T) {
	address := regexp.MustCompile(`"resolved"|"registry"|<repository>|--index-url|--find-links|://[^/\s"]*(npm|pypi|maven\.org/maven2)`)
	for _, locks := range [][]string{pythonLocks, jsLocks, javaLocks} {
		for _, file := range locks {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := address.Find(content); found != nil {
				t.Errorf("%s: %q", file, found)
			}
		}
	}
}
