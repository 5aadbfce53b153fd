package durable

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/sys/unix"
)

// Temp files have names of their own pattern, so that Sweep knows them, and not their target's, which may have the full 255
// bytes already.
const (
	tempPrefix = ".rolechain-"
	tempSuffix = ".tmp"
)

// errSwept is what a writer meets whose temp file Sweep has taken for a dead writer's.
var errSwept = errors.New("the temp file is gone")

// tempName returns a new name in dir. Nobody can hold it by chance, so that nobody else's bytes are ever given the target's
// name; crypto/rand would cost the entrypoint its start-up time.
func tempName(dir string) string {
	return strings.TrimSuffix(dir, "/") + "/" + tempPrefix + random() + tempSuffix
}

// random returns 16 hex digits.
func random() string { return fmt.Sprintf("%016x", rand.Uint64()) }

// createTemp makes an empty file with mode 0600 at path, where nothing may be: EEXIST.
func createTemp(path string) (fd int, err error) {
	fd, err = open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return -1, err
	}
	// A umask such as 0777 takes even our own bits away.
	if err := unix.Fchmod(fd, 0o600); err != nil {
		unix.Close(fd)
		_ = unix.Unlink(path)
		return -1, err
	}
	return fd, nil
}

// Sweep removes the temp files that writers have left in the directory of the file that path leads to, for whichever file
// they were. A living writer, in another container that shares the directory, finds its own gone and writes another one.
//
// An error is only worth a line in the log. System calls, when there is nothing to do: readlink, openat, getdents64 until it
// returns 0, close.
func Sweep(path string) error {
	defer begin(path)()
	target, err := follow(path)
	if err == nil {
		dir, _ := split(target)
		err = sweep(dir)
	}
	if err == unix.ENOENT || err == unix.ENOTDIR {
		return nil
	}
	return describe("sweeping beside", path, target, err)
}

func sweep(dir string) error {
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var temps []string
	var buf [8192]byte
	for {
		n, err := unix.Getdents(fd, buf[:])
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if isTemp(name) {
				temps = append(temps, name)
			}
		}
	}
	var errs []error
	for _, name := range temps {
		switch err := unix.Unlinkat(fd, name, 0); err {
		case nil, unix.ENOENT, unix.EISDIR:
		default:
			errs = append(errs, fmt.Errorf("removing %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func isTemp(name string) bool {
	id, ok := strings.CutPrefix(name, tempPrefix)
	id, end := strings.CutSuffix(id, tempSuffix)
	return ok && end && len(id) == len("0123456789abcdef") && strings.Trim(id, "0123456789abcdef") == ""
}
