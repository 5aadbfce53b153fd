package durable

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A temp file is never one that was there before: its bytes would get the target's name, or a link would lead them elsewhere.
func TestTempFileIsNew(t *testing.T) {
	dir := t.TempDir()
	taken := tempName(dir)
	if err := os.WriteFile(taken, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := tempName(dir)
	if err := os.Symlink(dir+"/elsewhere", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{taken, link} {
		if fd, err := createTemp(path); err != unix.EEXIST {
			t.Errorf("descriptor %d, %v", fd, err)
		}
	}
	if data, err := os.ReadFile(taken); string(data) != "somebody's" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := os.Lstat(dir + "/elsewhere"); err == nil {
		t.Error("it followed a link")
	}
}
