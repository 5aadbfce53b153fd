package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A Home is a pod's home on a file system of its own.
type Home struct {
	Dir   string // where it is mounted
	user  int
	image string // "" on tmpfs

	saved map[string][]byte // what a start wrote below Dir, and nobody else would write again
}

const homeSize = 4 << 20

var homes atomic.Uint64

// newHome makes one. kind is tmpfs or ext4.
func newHome(dir, kind string, user int) (*Home, error) {
	h := &Home{Dir: filepath.Join(dir, "home"), user: user, saved: map[string][]byte{}}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return nil, err
	}
	if kind == "tmpfs" {
		return h, unix.Mount("home", h.Dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700,uid=%d,gid=1000", homeSize, user))
	}
	h.image = filepath.Join(dir, "home.img")
	if err := os.WriteFile(h.image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(h.image, homeSize); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", fmt.Sprintf("root_owner=%d:1000", user), h.image},
		{"mount", "-o", "loop", h.image, h.Dir},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			h.close()
			return nil, fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	return h, os.Chmod(h.Dir, 0o700)
}

func (h *Home) close() {
	unix.Unmount(h.Dir, unix.MNT_DETACH)
	if h.image != "" {
		os.Remove(h.image)
	}
}

func (h *Home) aws() string { return filepath.Join(h.Dir, ".aws") }

// save remembers what a start has written.
func (h *Home) save(names ...string) {
	for _, name := range names {
		if data, err := os.ReadFile(filepath.Join(h.aws(), name)); err == nil {
			h.saved[name] = data
		}
	}
}

// fill takes all the space that is left.
func (h *Home) fill() (heal func() error, err error) {
	name := filepath.Join(h.Dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		n, err := f.Write(make([]byte, size))
		switch {
		case errors.Is(err, unix.ENOSPC) && n < size:
			size /= 2
		case err != nil:
			return nil, err
		}
	}
	return func() error { return os.Remove(name) }, nil
}

// seal covers the home with a read-only view of itself: a file that is open for writing would keep the mount itself from
// becoming read-only.
func (h *Home) seal() (heal func() error, err error) {
	if err := unix.Mount(h.Dir, h.Dir, "", unix.MS_BIND, ""); err != nil {
		return nil, err
	}
	heal = func() error { return unix.Unmount(h.Dir, unix.MNT_DETACH) }
	if err := unix.Mount("", h.Dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		heal()
		return nil, err
	}
	return heal, nil
}

func (h *Home) freeze() (heal func() error, err error) {
	if h.image == "" {
		return nil, errors.ErrUnsupported
	}
	return freeze(homes.Add(1), h.Dir)
}

// removeAll removes the directory of AWS's files. Healed, what a start wrote is there again.
func (h *Home) removeAll() (heal func() error, err error) {
	for range 5 { // somebody may write meanwhile
		if err = os.RemoveAll(h.aws()); err == nil {
			break
		}
	}
	return h.restore, err
}

func (h *Home) restore() error {
	err := os.Mkdir(h.aws(), 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.Chown(h.aws(), h.user, 1000); err != nil {
		return err
	}
	for name, data := range h.saved {
		path := filepath.Join(h.aws(), name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := writeFor(path, string(data), h.user); err != nil {
			return err
		}
	}
	return nil
}

// link puts a symbolic link in the place of the directory of AWS's files: to where that is now, or to nowhere.
func (h *Home) link(dangling bool) (heal func() error, err error) {
	moved := filepath.Join(h.Dir, "moved")
	if err := os.Rename(h.aws(), moved); err != nil {
		return nil, err
	}
	target := moved
	if dangling {
		target = filepath.Join(h.Dir, "nowhere")
	}
	return func() error {
		os.Remove(h.aws())
		os.RemoveAll(filepath.Join(h.Dir, "nowhere"))
		os.RemoveAll(h.aws())
		return os.Rename(moved, h.aws())
	}, os.Symlink(target, h.aws())
}
