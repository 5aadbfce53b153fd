package durable

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// inPlace overwrites a file that cannot be replaced: a single file that is
// mounted (rename gives EBUSY), or a writable file in a directory that takes no
// temp file. The inode stays, and with it owner and mode, which whoever mounted
// the file has chosen.
//
// This cannot be atomic, so the order keeps the harm small. Space is reserved
// before a byte changes, so that a full disk leaves the old content whole.
// Then comes one pwrite of the new content, padded with newlines to the old
// length: a reader, or a crash, before the truncate that follows finds the new
// content with empty lines behind it, which every reader of AWS files ignores,
// and not with the end of the old one. If writing fails all the same (a file
// system that copies on write, or cannot reserve), the old content is written
// back as far as that works.
//
// The time can only be made to grow by the file's owner.
func inPlace(dirfd int, name string, data []byte) error {
	readable := true
	fd, _, err := openRegular(dirfd, name, unix.O_RDWR|unix.O_NOFOLLOW)
	if err == unix.EACCES {
		readable = false // as with mode 0200; then there is nothing to restore from
		fd, _, err = openRegular(dirfd, name, unix.O_WRONLY|unix.O_NOFOLLOW)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := lockInPlace(fd); err != nil {
		return fmt.Errorf("locking: %w", err)
	}

	var old unix.Stat_t
	if err := unix.Fstat(fd, &old); err != nil {
		return err
	}
	if err := checkRegular(&old); err != nil {
		return err
	}
	var before []byte
	if readable {
		if before, err = readAll(fd, old.Size); err != nil {
			return fmt.Errorf("reading the old content: %w", err)
		}
	}
	padded := data
	if missing := int(old.Size) - len(data); missing > 0 {
		padded = append(bytes.Clone(data), bytes.Repeat([]byte("\n"), missing)...)
	}

	// KEEP_SIZE: readers must not see zeros at the end.
	err = retry(func() error {
		return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 0, int64(len(padded)))
	})
	switch err {
	case nil, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL: // EINVAL: also for no bytes at all
	default:
		return fmt.Errorf("reserving space: %w", err)
	}
	if err = overwrite(fd, padded, len(data)); err == nil {
		_ = growTime(dirfd, name, fd, &old)
		err = fsync(fd)
	}
	if err == nil || !readable {
		return err
	}
	undo := overwrite(fd, before, len(before))
	if undo == nil {
		undo = fsync(fd)
	}
	if undo != nil {
		return fmt.Errorf("%w (and restoring the old content: %w)", err, undo)
	}
	return fmt.Errorf("%w (the old content is restored)", err)
}

func overwrite(fd int, data []byte, size int) error {
	err := writeAll(data, func(p []byte, off int64) (int, error) { return unix.Pwrite(fd, p, off) })
	if err != nil {
		return err
	}
	return retry(func() error { return unix.Ftruncate(fd, int64(size)) })
}

// lockInPlace keeps two writers in place from mixing their content, as two
// containers of a pod could with one mounted file. It gives up after a second:
// writing takes milliseconds, so the holder is stopped, or is a stranger.
func lockInPlace(fd int) error {
	const step = 5 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		err := lock(fd)
		if err != unix.EWOULDBLOCK || waited >= time.Second {
			return err
		}
		time.Sleep(step)
	}
}
