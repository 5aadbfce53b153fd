package start

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"rolechain/internal/exit"
)

// movedName is the name under which an image's original entrypoint lies beside ours, when ours has taken its place.
const movedName = "original"

// ownEntrypoint is a part of that error, and what Follow knows a copy of the entrypoint by.
const ownEntrypoint = "rolechain's own entrypoint, not the original one"

// target finds the original entrypoint. Where that is the program itself, which would exec itself for ever, it is the
// original that was moved beside it, if there is one.
func target(name, self string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", targetError(name, err)
	}
	if self == "" || !isSelf(path, self) {
		return path, nil
	}
	if own, err := filepath.EvalSymlinks(self); err == nil {
		moved := filepath.Join(filepath.Dir(own), movedName)
		switch _, err := exec.LookPath(moved); {
		case err == nil && !isSelf(moved, self):
			return moved, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", targetError(moved, err)
		}
	}
	return "", exit.Because(exit.BadSetting,
		fmt.Errorf("ROLE_CHAIN_ENTRYPOINT: %q is %s", name, ownEntrypoint),
		"set it to the place to which the image's original entrypoint was moved, or move that beside rolechain's as \""+movedName+"\"")
}

// isSelf reports whether path leads to the program self. An emulator (qemu, for another architecture) answers in its place when
// the link in /proc is read, but not when what it leads to is asked for.
func isSelf(path, self string) bool {
	if isSame(path, self) {
		return true
	}
	own, err := os.Readlink(self)
	return err == nil && isSame(path, own)
}

// isSame reports whether two paths lead to one file.
func isSame(one, other string) bool {
	a, err1 := os.Stat(one)
	b, err2 := os.Stat(other)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

func targetError(name string, err error) error {
	const hint = "ROLE_CHAIN_ENTRYPOINT says where the image's original entrypoint is; arguments belong in the container's command"
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		return exit.Because(exit.NotFound, fmt.Errorf("the original entrypoint %q is not there", name), hint)
	}
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	return exit.Because(exit.CannotExec, fmt.Errorf("the original entrypoint %q cannot be executed: %w", name, err), hint)
}
