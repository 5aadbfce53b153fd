package durable

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// Temp files have names of their own pattern, so that Sweep knows them, and not their target's, which may have the full 255
// bytes already.
const (
	tempPrefix = ".rolechain-"
	tempSuffix = ".tmp"
)

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

// replace gives the name target to a new file that fill has made what it should be. If it fails there is no trace of that.
// ENOENT itself means that there is no directory.
func replace(target string, fill func(fd int, temp string) error) error {
	dir, _ := split(target)
	for range 100 {
		temp := tempName(dir)
		fd, err := createTemp(temp)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return err
		}
		err = fill(fd, temp)
		if closing := unix.Close(fd); err == nil && closing != unix.EINTR {
			err = closing // NFS tells here that the server has no room
		}
		if err == nil {
			err = eintr.Retry(func() error { return unix.Rename(temp, target) })
		}
		if errors.Is(err, unix.ENOENT) {
			continue // Sweep took it for a dead writer's
		}
		if err != nil {
			_ = unix.Unlink(temp)
		}
		return err
	}
	return errors.New("something removes its temp files (" + tempPrefix + "*" + tempSuffix + ") before they get its name; nothing may but another rolechain that starts")
}

// A writer writes to a descriptor.
type writer struct{ fd int }

func (w writer) Write(data []byte) (int, error) {
	for written := 0; ; {
		if written == len(data) {
			return written, nil
		}
		n, err := unix.Write(w.fd, data[written:])
		if err != nil && err != unix.EINTR {
			return written, err
		}
		written += max(n, 0)
	}
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
