package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/exit"
)

func TestTerminate(t *testing.T) {
	dir := t.TempDir()
	named, standard := filepath.Join(dir, "error.log"), filepath.Join(dir, "termination-log")
	no := exit.Because(exit.Denied, errors.New("no"), "ask")
	Terminate(no, named, standard)
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Fatal("it made a file that was not there")
	}
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what, path, content string) {
		t.Helper()
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("%s: %q has %q", what, filepath.Base(path), got)
		}
	}
	write(standard, "")
	Terminate(no, named, standard)
	want("the named one is not there", standard, "rolechain: no\n  hint: ask\n")
	write(named, "EMR's own\n")
	Terminate(errors.Join(no, exit.Because(exit.NoFiles, errors.New("more"), ""), exit.ErrTold), named, standard)
	want("appended", named, "EMR's own\nrolechain: no\n  hint: ask\nrolechain: more\n")
	want("the other one", standard, "rolechain: no\n  hint: ask\n")
	Terminate(nil, named, standard)
	Terminate(exit.ErrTold, named, standard)
	want("nothing to tell", named, "EMR's own\nrolechain: no\n  hint: ask\nrolechain: more\n")

	write(standard, strings.Repeat("before", 1000))
	Terminate(exit.Because(exit.NoFiles, errors.New(strings.Repeat("ü", 5000)), ""), "", standard)
	if got, _ := os.ReadFile(standard); len(got) > 6000+4096 || len(got) < 6000+4000 || !strings.HasSuffix(string(got), "ü…\n") || !strings.HasPrefix(string(got), "before") {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-10:])
	}
}

// What is no regular file is passed over, and nothing waits for it.
func TestTerminateRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	fifo, standard := filepath.Join(dir, "fifo"), filepath.Join(dir, "termination-log")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := syscall.Open(fifo, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(reader)
	for _, path := range []string{fifo, dir, "/dev/null", filepath.Join(dir, "none", "x")} {
		if err := os.WriteFile(standard, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		Terminate(exit.Because(exit.NoFiles, errors.New("no"), ""), path, standard)
		if got, _ := os.ReadFile(standard); string(got) != "rolechain: no\n" {
			t.Errorf("instead of %q: %q", path, got)
		}
	}
	if n, err := syscall.Read(reader, make([]byte, 1)); n > 0 {
		t.Errorf("the FIFO got something: %v", err)
	}
}
