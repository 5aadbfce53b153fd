package durable

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/sys/unix"
)

// Temp files are named by pattern, so that Sweep knows them, and not after
// their target, whose name may already have the full 255 bytes.
const (
	tempPrefix = ".rolechain-"
	tempSuffix = ".tmp"
)

// Sweep removes the temp files, which may hold secrets, that killed writers left
// beside the file that path leads to, for whichever file in that directory they
// were. A living writer holds a lock on its temp file, which the kernel drops
// when it dies, so a file that can be locked is garbage. Whatever cannot be
// opened, is no regular file or is not named like ours is left alone.
//
// An error is only worth a line in the log. System calls, when there is nothing
// to do: readlink, openat, getdents64 until it returns 0, close.
func Sweep(path string) error {
	target, err := follow(path)
	if err == nil {
		dir, _ := split(target)
		err = sweep(dir)
	}
	if err == unix.ENOTDIR {
		return nil
	}
	return describe("sweeping beside", path, target, err)
}

func sweep(dir string) error {
	dirfd, err := open(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(dirfd)

	var temps []string
	var buf [8192]byte
	for {
		n, err := unix.Getdents(dirfd, buf[:])
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
		if err := removeDead(dirfd, name); err != nil {
			errs = append(errs, fmt.Errorf("removing %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func removeDead(dirfd int, name string) error {
	// For writing, because NFS gives an exclusive lock only then.
	fd, _, err := openRegular(dirfd, name, unix.O_RDWR|unix.O_NOFOLLOW)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	if flock(fd) != nil {
		return nil // alive, or a file system that cannot tell
	}
	// The lock may also have come free because the writer just finished. Then
	// its file has another name by now, and this one is never used again.
	if err := unix.Unlinkat(dirfd, name, 0); err != unix.ENOENT {
		return err
	}
	return nil
}

// createTemp makes an empty, locked file with mode 0600 under a new name.
func createTemp(dirfd int) (name string, fd int, err error) {
	for range 100 {
		name = tempPrefix + random() + tempSuffix
		fd, err = open(dirfd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return "", -1, err
		}
		err = lock(fd)
		var st unix.Stat_t
		if err == nil {
			err = unix.Fstat(fd, &st)
		}
		if err == nil && st.Nlink == 0 {
			err = unix.EWOULDBLOCK
		}
		if err == nil && st.Mode&0o777 != 0o600 {
			err = unix.Fchmod(fd, 0o600) // a umask such as 0777 takes even our own bits away
		}
		if err == nil {
			return name, fd, nil
		}
		_ = unix.Unlinkat(dirfd, name, 0)
		unix.Close(fd)
		// A sweeper came between open and flock: it holds the lock now, or it
		// has removed the file already. The next name will do.
		if err != unix.EWOULDBLOCK {
			return "", -1, err
		}
	}
	return "", -1, fmt.Errorf("no free name in 100 tries: %w", err)
}

// lock is flock, content with file systems that have no locks: there Sweep
// cannot lock either, and leaves everything.
func lock(fd int) error {
	err := flock(fd)
	switch err {
	case unix.ENOLCK, unix.ENOSYS, unix.EOPNOTSUPP, unix.EINVAL:
		return nil
	}
	return err
}

func flock(fd int) error {
	return retry(func() error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
}

func isTemp(name string) bool {
	id, ok := strings.CutPrefix(name, tempPrefix)
	if ok {
		id, ok = strings.CutSuffix(id, tempSuffix)
	}
	return ok && len(id) == 16 && strings.Trim(id, "0123456789abcdef") == ""
}

// random returns 16 hex digits. The names must differ and be hard to guess, no
// more; crypto/rand would cost the entrypoint its start-up time.
func random() string {
	return fmt.Sprintf("%016x", rand.Uint64())
}
