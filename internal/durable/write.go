// Package durable keeps small files, the AWS configuration of a container, so
// that no reader ever sees a torn one and no failure loses the old one.
//
// What holds, as far as Linux can give it:
//
//   - A reader, or a crash at any instant, finds the old content or the new,
//     whole. A full disk leaves the old file as it was and nothing beside it.
//   - New files have mode 0600 from birth, new directories 0700, whatever the
//     umask. Symbolic links are followed and stay.
//   - A file that cannot be renamed over, such as a bind-mounted one, is written
//     in place; that alone is not atomic. See inPlace.
//   - The modification time of a replaced file grows by at least a whole second.
//   - Equal content is not written at all.
//   - Temp files of killed writers are found and removed by Sweep, those of
//     living ones never.
//   - Nothing waits for somebody else, but for up to a second for another writer
//     in place; no goroutines, no descriptors left open or inherited.
//   - Errors carry the errno for errors.Is.
//
// Two writers at the same moment are safe and the last rename wins, but only
// writes after each other are sure to get different modification times.
package durable

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Write makes data the content of the file that path leads to, and makes its
// directory if need be. The file's owner and group stay if we may set them; its
// mode becomes 0600, unless it is written in place. Data over MaxSize gives
// EFBIG, and so does such a file at path.
//
// System calls: readlink; openat, fstat, read and close of an old file, and the
// end if it is equal; openat of the directory; openat, flock, fstat and write of
// a temp file there; fstat and perhaps utimensat if there was an old one;
// fsync, renameat, close; close of the directory. The directory is not synced: a
// crash of the machine may undo the rename, which leaves the old file whole, and
// costs nothing, since the container is gone with it.
func Write(path string, data []byte) error {
	target, err := follow(path)
	if err == nil {
		err = write(target, data)
	}
	return describe("writing", path, target, err)
}

func write(target string, data []byte) error {
	dir, name := split(target)
	if err := checkName(name); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return tooLarge(int64(len(data)))
	}

	var old *unix.Stat_t
	fd, st, err := openRegular(unix.AT_FDCWD, target, unix.O_RDONLY|unix.O_NOFOLLOW)
	switch {
	case err == nil:
		equal := sameContent(fd, st.Size, data)
		unix.Close(fd)
		if equal {
			return nil
		}
		old = &st
	case err == unix.EACCES && st.Mode != 0:
		old = &st // a file we may not read, but perhaps replace
	case err != unix.ENOENT:
		return err
	}

	dirfd, err := openDir(dir)
	if err == unix.ENOENT {
		if err := makeDir(dir); err != nil {
			return fmt.Errorf("making its directory: %w", err)
		}
		dirfd, err = openDir(dir)
	}
	if err != nil {
		return fmt.Errorf("opening its directory: %w", err)
	}
	defer unix.Close(dirfd)

	refused, err := replace(dirfd, name, data, old)
	if refused && old != nil {
		// The first error is dropped: errors.Is must not find a "permission
		// denied" from the directory when the trouble is a full disk.
		if err = inPlace(dirfd, name, data); err != nil {
			err = fmt.Errorf("in place, since no other file can take its name: %w", err)
		}
	}
	return err
}

func sameContent(fd int, size int64, data []byte) bool {
	if size != int64(len(data)) {
		return false
	}
	now, err := readAll(fd, size)
	return err == nil && bytes.Equal(now, data)
}

// replace puts a new file with data in the place of name. If it fails there is
// no trace of it; refused then says that the place does not take a new file
// under that name, however often it is tried.
func replace(dirfd int, name string, data []byte, old *unix.Stat_t) (refused bool, err error) {
	tmp, fd, err := createTemp(dirfd)
	if err != nil {
		switch err {
		case unix.EACCES, unix.EPERM, unix.EROFS:
			refused = true
		}
		return refused, fmt.Errorf("creating a temp file: %w", err)
	}
	defer unix.Close(fd) // and with it the lock, but not before the rename

	if err := fill(dirfd, tmp, fd, data, old); err != nil {
		_ = unix.Unlinkat(dirfd, tmp, 0)
		return false, err
	}
	err = retry(func() error { return unix.Renameat(dirfd, tmp, dirfd, name) })
	if err != nil {
		_ = unix.Unlinkat(dirfd, tmp, 0)
		switch err {
		case unix.EBUSY, unix.EXDEV, // name is a mount
			unix.EPERM, unix.EACCES, // another user's file in a sticky directory
			unix.EROFS:
			refused = true
		}
		return refused, fmt.Errorf("renaming the temp file: %w", err)
	}
	return false, nil
}

// fill brings the temp file to its final state, on disk.
func fill(dirfd int, tmp string, fd int, data []byte, old *unix.Stat_t) error {
	err := writeAll(data, func(p []byte, _ int64) (int, error) { return unix.Write(fd, p) })
	if err != nil {
		return err
	}
	if old != nil {
		if err := growTime(dirfd, tmp, fd, old); err != nil {
			return fmt.Errorf("setting the modification time: %w", err)
		}
	}
	keepOwner(dirfd, fd, old)
	if err := fsync(fd); err != nil {
		return fmt.Errorf("syncing: %w", err)
	}
	return nil
}

// growTime sets fd's modification time one second past the old one's, unless
// the clock did that already. AWS SDK for Java v1 re-reads its file only when
// the time has grown, and sees whole seconds on JDK 8.
func growTime(dirfd int, name string, fd int, old *unix.Stat_t) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mtim.Sec > old.Mtim.Sec {
		return nil
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: old.Mtim.Sec + 1}}
	return unix.UtimesNanoAt(dirfd, name, times, unix.AT_SYMLINK_NOFOLLOW)
}

// keepOwner gives a new 0600 file of root's to the owner of the file it
// replaces, or of the directory, who could not read it otherwise: the job of an
// image that starts as root and drops to another user. A refusal (no CAP_CHOWN)
// leaves a file that works for us.
func keepOwner(dirfd, fd int, old *unix.Stat_t) {
	if os.Geteuid() != 0 {
		return
	}
	var dir unix.Stat_t
	if old == nil {
		if unix.Fstat(dirfd, &dir) != nil || dir.Uid == 0 {
			return
		}
		old = &dir
	}
	_ = unix.Fchown(fd, int(old.Uid), int(old.Gid))
}

// fsync is fsync(2), content with file systems that have none for this file.
func fsync(fd int) error {
	err := retry(func() error { return unix.Fsync(fd) })
	switch err {
	case unix.EINVAL, unix.EOPNOTSUPP, unix.ENOSYS:
		return nil
	}
	return err
}
