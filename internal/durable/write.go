// Package durable keeps small files, the AWS configuration of a container, so that no reader ever sees half of one and no
// failure loses the old one.
//
//   - A reader finds the old content or the new, whole, and so does the next start after a kill at any instant. A full disk
//     leaves the old file as it was and nothing beside it.
//   - New files have mode 0600 from birth, new directories 0700, whatever the umask. Symbolic links are followed and stay.
//   - The modification time of a replaced file grows by at least a whole second.
//   - Equal content is not written at all.
//   - Temp files of killed writers, which may hold secrets, are removed by Sweep.
//   - Nothing waits for another process, and no descriptor is left open or inherited.
//   - Errors carry the errno for errors.Is.
//
// A file is only ever replaced: one that cannot be, such as one that is mounted by itself, is an error of IsUnwritable.
// Of two writers at the same moment the last rename wins; only writes one after the other are sure to get different times.
package durable

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// Write makes data the content of the file that path leads to, and makes its directory if need be. The mode becomes 0600;
// owner and group stay if we may set them. Data over MaxSize gives EFBIG, and so does such a file at path.
//
// Where there was content, the new one is on disk before it takes the name, so that a crash of the machine loses neither.
// A new file is not synced: a crash may leave it empty, and the start that follows writes it again. The directory is not
// synced: a crash may undo the rename, which leaves the old file whole.
//
// System calls: readlink; openat, fstat, read and close of an old file, and the end if it is equal; openat, fchmod and write
// of a temp file; with an old file fstat, perhaps utimensat, and fsync; close, renameat.
func Write(path string, data []byte) error { return put(path, data, true) }

// WriteOwn is Write for a file in which everything, before and after, is the caller's own and can be written again. It is never synced.
func WriteOwn(path string, data []byte) error { return put(path, data, false) }

func put(path string, data []byte, sync bool) error {
	defer begin(path)()
	target, err := follow(path)
	if err == nil {
		err = write(target, data, sync)
	}
	return describe("writing", path, target, err)
}

func write(target string, data []byte, sync bool) error {
	dir, name := split(target)
	if err := checkName(name); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return tooLarge(int64(len(data)))
	}
	var old *unix.Stat_t
	fd, st, err := openRegular(target, unix.O_NOFOLLOW)
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
	sync = sync && old != nil && old.Size > 0
	fillIt := func(fd int, temp string) error { return fill(fd, temp, dir, data, old, sync) }
	err = replace(target, fillIt)
	if err == unix.ENOENT {
		if err := makeDir(dir); err != nil {
			return fmt.Errorf("making its directory: %w", err)
		}
		err = replace(target, fillIt)
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

// fill brings the temp file to its final state.
func fill(fd int, temp, dir string, data []byte, old *unix.Stat_t, sync bool) error {
	if _, err := (writer{fd}).Write(data); err != nil {
		return err
	}
	if old != nil {
		if err := growTime(fd, temp, old); err != nil {
			return fmt.Errorf("setting the modification time: %w", err)
		}
	}
	keepOwner(fd, dir, old)
	if !sync {
		return nil
	}
	err := eintr.Retry(func() error { return unix.Fsync(fd) })
	switch err {
	case unix.EINVAL, unix.EOPNOTSUPP, unix.ENOSYS: // file systems that have none
		return nil
	}
	return err
}

// growTime sets the modification time one second past the old one's, unless the clock did that already. AWS SDK for Java v1
// reads its file again only when the time has grown, and sees whole seconds on JDK 8.
func growTime(fd int, temp string, old *unix.Stat_t) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mtim.Sec > old.Mtim.Sec {
		return err
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: old.Mtim.Sec + 1}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, temp, times, unix.AT_SYMLINK_NOFOLLOW)
}

// keepOwner gives a new file of root's to the owner of the file that it replaces, or of the directory, who could not read it
// otherwise: the job of an image that starts as root and drops to another user. A refusal (no CAP_CHOWN) leaves a file that
// works for us.
func keepOwner(fd int, dir string, old *unix.Stat_t) {
	if os.Geteuid() != 0 {
		return
	}
	if old == nil {
		old = new(unix.Stat_t)
		if unix.Stat(dir, old) != nil || old.Uid == 0 {
			return
		}
	}
	_ = unix.Fchown(fd, int(old.Uid), int(old.Gid))
}
