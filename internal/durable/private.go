package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PrivateDir names a directory below parent, usually os.TempDir(), that is or
// can become the caller's own: rolechain-<uid>, the same at every start, or, if
// somebody else has taken that one, the caller's own with a random suffix, made
// up if there is none yet. It only looks; MakePrivateDir makes it. System calls:
// lstat, and where the name is taken a listing of parent.
func PrivateDir(parent string) string {
	path := strings.TrimRight(parent, "/") + "/rolechain-" + strconv.Itoa(os.Geteuid())
	if there, own := ownDir(path); !there || own {
		return path
	}
	others, _ := filepath.Glob(path + "-*")
	for _, other := range others {
		if _, own := ownDir(other); own {
			return other
		}
	}
	return path + "-" + random()
}

// ownDir tells whether there is something at path, and whether that is a
// directory of the caller's.
func ownDir(path string) (there, own bool) {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return false, false
	}
	return true, st.Mode&unix.S_IFMT == unix.S_IFDIR && int(st.Uid) == os.Geteuid()
}

// MakePrivateDir makes path a directory of our own with mode 0700, or takes the
// one that is there, and narrows it if others could enter (the kubelet's fsGroup
// opens up what it finds on a volume). A link, or anything of somebody else's,
// gives EEXIST: between PrivateDir and now another user was faster, and
// PrivateDir has a new name. System calls: mkdir, openat, fstat, close.
func MakePrivateDir(path string) error {
	if err := makePrivate(path); err != nil {
		return fmt.Errorf("making private directory %q: %w", path, err)
	}
	return nil
}

func makePrivate(path string) error {
	if err := unix.Mkdir(path, 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	// O_PATH opens one with mode 000 too, which a umask can leave. From here on
	// the descriptor counts: the name can be given to another directory.
	fd, err := open(unix.AT_FDCWD, path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err == unix.ENOTDIR || err == unix.ELOOP {
		return fmt.Errorf("something else has this name: %w", unix.EEXIST)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to uid %d: %w", st.Uid, unix.EEXIST)
	}
	if st.Mode&0o777 == 0o700 {
		return nil // a set-group-id bit from the parent does no harm
	}
	// fchmod refuses an O_PATH descriptor; its link in /proc does not.
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), 0o700)
}
