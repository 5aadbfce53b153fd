package durable

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// MaxSize, in bytes, is the largest file that Read and Write accept: 1 MiB. A real AWS file has a few KiB; something larger
// is another file by mistake.
const MaxSize = 1 << 20

// ErrNotRegular is in the chain of every error about a path that leads to a directory, FIFO, socket or device.
var ErrNotRegular = errors.New("not a regular file")

// Read returns the content of the regular file that path leads to, through symbolic links. When there is none (also behind a
// dangling link, or below something that is not a directory) ok is false and err nil.
//
// It never waits, whatever is at path: what is not a regular file gives ErrNotRegular, more than MaxSize bytes give EFBIG.
// System calls: openat, fstat, read until it returns 0, close.
func Read(path string) (data []byte, ok bool, err error) {
	defer begin(path)()
	fd, st, err := openRegular(path, 0)
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

// openRegular opens a regular file of at most MaxSize bytes for reading. On failure it still returns what it could learn of
// the file; st.Mode is 0 if nothing.
func openRegular(path string, flags int) (fd int, st unix.Stat_t, err error) {
	// O_NONBLOCK: opening a FIFO would otherwise wait for its other end.
	fd, err = open(path, flags|unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		// A socket gives ENXIO; look for a better reason.
		if err != unix.ENOENT && unix.Stat(path, &st) == nil {
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
	}
	return fmt.Errorf("%w but %s", ErrNotRegular, kind)
}

func tooLarge(size int64) error {
	return fmt.Errorf("%d bytes, the limit is %d: %w", size, MaxSize, unix.EFBIG)
}

// readAll reads from fd to the end. The size is a hint: the file can grow meanwhile, when somebody else writes it in place.
func readAll(fd int, size int64) ([]byte, error) {
	buf := make([]byte, size+1) // one more, so that the end shows without growing
	for filled := 0; ; {
		if filled == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		n, err := unix.Read(fd, buf[filled:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return buf[:filled], nil
		case filled+n > MaxSize:
			return nil, tooLarge(int64(filled + n))
		default:
			filled += n
		}
	}
}

// open is open(2) with O_CLOEXEC: the original entrypoint inherits nothing.
func open(path string, flags int, mode uint32) (fd int, err error) {
	err = eintr.Retry(func() (err error) {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}
