package durable

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// MaxSize, in bytes, is the largest file that Read and Write accept: 1 MiB. A
// real AWS file has a few KiB; something larger is another file by mistake.
const MaxSize = 1 << 20

// ErrNotRegular is in the chain of every error about a path that leads to a
// directory, FIFO, socket or device.
var ErrNotRegular = errors.New("not a regular file")

// Read returns the content of the regular file that path leads to, through
// symbolic links. When there is none (also behind a dangling link, or below
// something that is no directory) ok is false and err nil.
//
// It never waits, whatever lies at path: what is not a regular file gives
// ErrNotRegular, more than MaxSize bytes give EFBIG. System calls: openat,
// fstat, read until it returns 0, close.
func Read(path string) (data []byte, ok bool, err error) {
	fd, st, err := openRegular(unix.AT_FDCWD, path, unix.O_RDONLY)
	if err == unix.ENOENT || err == unix.ENOTDIR {
		return nil, false, nil
	}
	if err == nil {
		defer unix.Close(fd)
		data, err = readAll(fd, st.Size)
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading %q: %w", path, err)
	}
	return data, true, nil
}

// openRegular opens a regular file of at most MaxSize bytes. On failure it
// still returns what it could learn of the file; st.Mode is 0 if nothing.
func openRegular(dirfd int, name string, flags int) (fd int, st unix.Stat_t, err error) {
	// O_NONBLOCK: opening a FIFO would otherwise wait for its other end.
	fd, err = open(dirfd, name, flags|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == unix.ENOENT {
		return -1, st, err
	}
	if err != nil {
		// A socket gives ENXIO and a directory, when written, EISDIR; look
		// for a better reason.
		nofollow := 0
		if flags&unix.O_NOFOLLOW != 0 {
			nofollow = unix.AT_SYMLINK_NOFOLLOW
		}
		if unix.Fstatat(dirfd, name, &st, nofollow) == nil {
			if kind := checkRegular(&st); kind != nil {
				err = kind
			}
		}
		return -1, st, err
	}
	if err = unix.Fstat(fd, &st); err == nil {
		err = checkRegular(&st)
	}
	if err != nil {
		unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

func checkRegular(st *unix.Stat_t) error {
	kind := "something unknown"
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if st.Size > MaxSize {
			return tooLarge(st.Size)
		}
		return nil
	case unix.S_IFDIR:
		kind = "a directory"
	case unix.S_IFIFO:
		kind = "a FIFO"
	case unix.S_IFSOCK:
		kind = "a socket"
	case unix.S_IFCHR, unix.S_IFBLK:
		kind = "a device"
	case unix.S_IFLNK:
		kind = "a symbolic link"
	}
	return fmt.Errorf("%w but %s", ErrNotRegular, kind)
}

func tooLarge(size int64) error {
	return fmt.Errorf("%d bytes, the limit is %d: %w", size, MaxSize, unix.EFBIG)
}

// readAll reads from fd to the end. The size is a hint: the file can grow
// meanwhile, when somebody writes it in place.
func readAll(fd int, size int64) ([]byte, error) {
	buf := make([]byte, 0, size+1) // one more, so that the end shows without growing
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		var n int
		err := retry(func() (err error) {
			n, err = unix.Read(fd, buf[len(buf):cap(buf)])
			return err
		})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return buf, nil
		}
		if buf = buf[:len(buf)+n]; len(buf) > MaxSize {
			return nil, tooLarge(int64(len(buf)))
		}
	}
}

// writeAll writes data through put, which has the shape of write(2).
func writeAll(data []byte, put func(p []byte, off int64) (int, error)) error {
	for off := 0; off < len(data); {
		n, err := put(data[off:], int64(off))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n <= 0:
			return io.ErrShortWrite
		default:
			off += n
		}
	}
	return nil
}

// open is openat(2) with O_CLOEXEC: the original entrypoint inherits nothing.
func open(dirfd int, name string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() (err error) {
		fd, err = unix.Openat(dirfd, name, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

// retry repeats a system call that a signal interrupted; the runtime's own
// preemption signals do that on network and FUSE file systems.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
