package durable

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Writable says whether Write(path) could work, and writes nothing: nil, or
// the error that Write would meet, with the path and the reason. An existing
// file counts if it can be written in place or replaced; a missing one if its
// directory, or the nearest that exists above it, takes new names. A full disk
// is not looked for. IsUnwritable tells the cases where another place is worth
// a try. System calls: readlink for each link and one more, lstat, faccessat2
// (Linux 5.8, else faccessat).
func Writable(path string) error {
	target, err := follow(path)
	if err == nil {
		err = writable(target)
	}
	return describe("writing", path, target, err)
}

// IsUnwritable says whether err, from any function here, means that the place
// cannot be written at all (read-only, forbidden, impossible path), as opposed
// to a full or failing disk or a directory where a file should be.
func IsUnwritable(err error) bool {
	for _, errno := range []error{
		unix.EROFS, unix.EACCES, unix.EPERM,
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
	// EROFS for a file in a directory that is not read-only means that the
	// file is a mount of its own: then nothing can replace it. EPERM means
	// immutable, the same.
	if err := access(target, unix.W_OK); err != unix.EACCES {
		return err
	}
	// Somebody else's file can still be replaced, ...
	if err := access(dir, unix.W_OK|unix.X_OK); err != nil {
		return err
	}
	// ... unless it is a mount (Linux before 5.8 does not tell), ...
	var stx unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, target, unix.AT_SYMLINK_NOFOLLOW, 0, &stx) == nil &&
		stx.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return unix.EACCES
	}
	// ... or the directory is like /tmp, where only owners rename.
	var dirst unix.Stat_t
	if err := unix.Stat(dir, &dirst); err != nil {
		return err
	}
	if me := uint32(os.Geteuid()); dirst.Mode&unix.S_ISVTX != 0 && st.Uid != me && dirst.Uid != me {
		return unix.EPERM
	}
	return nil
}

// dirWritable asks dir, or the nearest existing directory above the missing
// ones, in the order in which makeDir would go.
func dirWritable(dir string) error {
	for {
		err := access(dir, unix.W_OK|unix.X_OK)
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

// access asks the kernel, with the ids that count when a file is opened.
func access(path string, mode uint32) error {
	err := unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
	if err == unix.ENOSYS || err == unix.EPERM {
		// An old kernel, or a seccomp filter that does not know the call. Not
		// unix.Faccessat: it then guesses from mode bits, and says yes to root
		// on an immutable file.
		err = unix.Access(path, mode)
	}
	return err
}

// follow returns where path's last name leads: through relative and absolute
// links and chains of them, to something that is not a link or does not exist
// yet. The directories on the way are left to the kernel, and so is "..":
// cleaning "link/../x" as text gives another file.
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

// openDir opens a directory to work in, one that we may not list (mode 0300) too.
func openDir(dir string) (fd int, err error) {
	return open(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY, 0)
}

// makeDir makes dir, and what is missing above it, each with mode 0700. A
// dangling link on the way gets the directory it names.
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
		return nil // if it is no directory, opening it will say so
	}
	if err != nil {
		return err
	}
	// A umask such as 0777 takes even our own bits away.
	if err := unix.Chmod(dir, 0o700); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		// Root preparing another user's home: a 0700 directory of root's in
		// there would lock that user out. A refusal (no CAP_CHOWN) leaves a
		// directory that works for us.
		var st unix.Stat_t
		if unix.Stat(up, &st) == nil && st.Uid != 0 {
			_ = unix.Lchown(dir, int(st.Uid), int(st.Gid))
		}
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
