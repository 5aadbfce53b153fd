package durable

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Writable returns nil if Write(path) could work, else the error that Write would meet, with the path and the reason. It
// writes nothing. An existing file counts if it can be replaced; a missing one if its directory, or the nearest that exists
// above it, takes new names. A full disk is not looked for. IsUnwritable reports the cases where another place is worth a
// try. System calls: readlink for each link and one more, lstat, access, stat and statx.
func Writable(path string) error {
	defer begin(path)()
	target, err := follow(path)
	if err == nil {
		err = writable(target)
	}
	return describe("writing", path, target, err)
}

// IsUnwritable reports whether err, from any function here, means that the place cannot be written at all (read-only,
// forbidden, a mounted file, an impossible path), as opposed to a full or failing disk or a directory where a file should be.
func IsUnwritable(err error) bool {
	for _, errno := range []error{
		unix.EROFS, unix.EACCES, unix.EPERM,
		unix.EBUSY,   // the file is a mount of its own
		unix.ENOENT,  // no such directory, and none can be made: HOME=/proc/x
		unix.ENOTDIR, // HOME=/dev/null
		unix.ELOOP, unix.ENAMETOOLONG,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func writable(target string) error {
	dir, name := split(target)
	if err := checkName(name); err != nil {
		return err
	}
	var st unix.Stat_t
	err := unix.Lstat(target, &st)
	if err == unix.ENOENT {
		return dirWritable(dir)
	}
	if err == nil {
		err = checkRegular(&st)
	}
	if err != nil {
		return err
	}
	// Somebody else's file can be replaced (EACCES). EROFS, for a file in a directory that is not read-only, means that it is
	// a mount; EPERM means that it is immutable.
	if err := unix.Access(target, unix.W_OK); err != nil && err != unix.EACCES {
		return err
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return err
	}
	var stx unix.Statx_t // Linux before 5.8 does not tell of mounts; Write does
	if unix.Statx(unix.AT_FDCWD, target, unix.AT_SYMLINK_NOFOLLOW, 0, &stx) == nil && stx.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return unix.EBUSY
	}
	var dirst unix.Stat_t
	if err := unix.Stat(dir, &dirst); err != nil {
		return err
	}
	me := uint32(os.Geteuid())
	if me != 0 && dirst.Mode&unix.S_ISVTX != 0 && st.Uid != me && dirst.Uid != me {
		return unix.EPERM // in a directory like /tmp only owners rename
	}
	return nil
}

// dirWritable asks dir, or the nearest existing directory above the missing ones, in the order in which makeDir would go.
func dirWritable(dir string) error {
	for {
		err := unix.Access(dir, unix.W_OK|unix.X_OK)
		if err != unix.ENOENT {
			return err
		}
		if dir, err = follow(dir); err != nil {
			return err
		}
		up, _ := split(dir)
		if up == dir {
			return unix.ENOENT // a working directory that was removed
		}
		dir = up
	}
}

// follow returns where path's last name leads: through relative and absolute links and chains of them, to something that is
// not a link or does not exist yet. The directories on the way are left to the kernel, and so is "..": cleaning "link/../x"
// as text gives another file.
func follow(path string) (string, error) {
	var buf [unix.PathMax]byte
	for range 40 { // the kernel's limit, path_resolution(7)
		n, err := unix.Readlink(path, buf[:])
		if err == unix.EINVAL || err == unix.ENOENT {
			return path, nil
		}
		if err != nil {
			return path, err
		}
		to := string(buf[:n])
		if dir, _ := split(path); !strings.HasPrefix(to, "/") {
			to = strings.TrimSuffix(dir, "/") + "/" + to
		}
		path = to
	}
	return path, unix.ELOOP
}

// split cuts path before its last name, without cleaning (see follow).
func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ".", path
	}
	if dir = strings.TrimRight(path[:i], "/"); dir == "" {
		dir = "/"
	}
	return dir, path[i+1:]
}

func checkName(name string) error {
	switch name {
	case "", ".", "..":
		return unix.EISDIR
	}
	return nil
}

// makeDir makes dir, and what is missing above it, each with mode 0700. A dangling link on the way gets the directory that
// it names.
func makeDir(dir string) error {
	dir, err := follow(dir)
	if err != nil {
		return err
	}
	up, _ := split(dir)
	err = unix.Mkdir(dir, 0o700)
	if err == unix.ENOENT && up != dir {
		if err = makeDir(up); err == nil {
			err = unix.Mkdir(dir, 0o700)
		}
	}
	if err == unix.EEXIST {
		return nil // if it is not a directory, using it will say so
	}
	if err != nil {
		return err
	}
	// A umask such as 0777 takes even our own bits away.
	if err := unix.Chmod(dir, 0o700); err != nil {
		return err
	}
	// Root preparing another user's home: a 0700 directory of root's in there would lock that user out. A refusal (no
	// CAP_CHOWN) leaves a directory that works for us.
	var st unix.Stat_t
	if os.Geteuid() == 0 && unix.Stat(up, &st) == nil && st.Uid != 0 {
		_ = unix.Lchown(dir, int(st.Uid), int(st.Gid))
	}
	return nil
}

// describe names the path once, and where it leads if that is elsewhere.
func describe(doing, path, target string, err error) error {
	if err == nil {
		return nil
	}
	if target != path {
		return fmt.Errorf("%s %q (a link to %q): %w", doing, path, target, err)
	}
	return fmt.Errorf("%s %q: %w", doing, path, err)
}
