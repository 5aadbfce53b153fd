package report

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestShip(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(path string) error
		rotated bool
		file    string // below the directory of logs, which gets the line
		want    string
	}{
		{"nothing there", nil, false, "pod/stderr", "line\n"},
		{"nothing there, rotated", nil, true, "pod/stderr/rolechain.log", "line\n"},
		{"a file", func(path string) error {
			_ = os.MkdirAll(filepath.Dir(path), 0o755)
			return os.WriteFile(path, []byte("job\n"), 0o600)
		}, true, "pod/stderr", "job\nline\n"},
		{"multilog's directory", func(path string) error {
			_ = os.MkdirAll(path, 0o755)
			return os.WriteFile(filepath.Join(path, "current"), []byte("job\n"), 0o600)
		}, false, "pod/stderr/rolechain.log", "line\n"},
		{"a FIFO", func(path string) error {
			_ = os.MkdirAll(filepath.Dir(path), 0o755)
			return syscall.Mkfifo(path, 0o600)
		}, false, "", ""},
		{"a file in the directory's place", func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) }, false, "", ""},
	} {
		logs := t.TempDir()
		path := filepath.Join(logs, "pod", "stderr")
		if test.prepare != nil {
			if err := test.prepare(path); err != nil {
				t.Fatal(err)
			}
		}
		Ship(path, test.rotated, []byte("line\n"))
		if test.file != "" {
			if got, err := os.ReadFile(filepath.Join(logs, test.file)); err != nil || string(got) != test.want {
				t.Errorf("%s: %q, %v", test.name, got, err)
			}
		}
		if current, err := os.ReadFile(filepath.Join(path, "current")); err == nil && string(current) != "job\n" {
			t.Errorf("%s: multilog's file has %q", test.name, current)
		}
	}
	Ship("", false, []byte("line\n"))
	empty := filepath.Join(t.TempDir(), "pod", "stderr")
	Ship(empty, false, nil)
	if _, err := os.Stat(empty); err == nil {
		t.Error("a file for nothing")
	}
}
