package durable

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCopy(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "elsewhere")
	if err := os.WriteFile(old, []byte("of somebody else"), 0o644); err != nil {
		t.Fatal(err)
	}
	defer unix.Umask(unix.Umask(0o777))
	path := filepath.Join(dir, "program")
	content := bytes.Repeat([]byte("rolechain"), MaxSize/4)
	copied := func(content []byte, mode os.FileMode) bool {
		t.Helper()
		changed, err := Copy(path, bytes.NewReader(content), mode)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != mode {
			t.Fatalf("%v %v", info.Mode(), err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		return changed
	}
	if err := os.Symlink(old, path); err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(content)
	other[len(other)-1]++
	for _, step := range []struct {
		name    string
		content []byte
		mode    os.FileMode
		want    bool
	}{
		{"in the place of a link", content, 0o755, true},
		{"again", content, 0o755, false},
		{"another mode", content, 0o644, true},
		{"another last byte", other, 0o644, true},
		{"shorter", other[:10], 0o644, true},
		{"longer", other, 0o644, true},
		{"empty", nil, 0o644, true},
		{"empty again", nil, 0o644, false},
	} {
		if got := copied(step.content, step.mode); got != step.want {
			t.Errorf("%s: changed is %v", step.name, got)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("%v %v", names, err)
	}
}

func TestCopyFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{"directory": unix.EISDIR, "none/file": unix.ENOENT, "directory/": unix.EISDIR} {
		changed, err := Copy(dir+"/"+path, bytes.NewReader([]byte("x")), 0o755)
		if changed || err == nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", path, changed, err)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("%v %v", names, err)
	}
}
