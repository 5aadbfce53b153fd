package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PrivateDir names a directory below parent, usually os.TempDir(), that is or can become the caller's own: rolechain-<uid>,
// the same at every start, or, if somebody else has taken that one, the caller's own with a random suffix, made up if there
// is none yet. It only looks; MakePrivateDir makes it. System calls: lstat, and where the name is taken a listing of parent.
func PrivateDir(parent string) string {
	path := strings.TrimRight(parent, "/") + "/rolechain-" + strconv.Itoa(os.Geteuid())
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || isOwnDir(&st) {
		return path
	}
	others, _ := filepath.Glob(path + "-*")
	for _, other := range others {
		if unix.Lstat(other, &st) == nil && isOwnDir(&st) {
			return other
		}
	}
	return path + "-" + random()
}

func isOwnDir(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFDIR && int(st.Uid) == os.Geteuid()
}

// MakePrivateDir makes path a directory of our own with mode 0700, or takes the one that is there, and narrows it if others
// could enter (the kubelet's fsGroup opens up what it finds on a volume). A link, or anything of somebody else's, gives
// EEXIST: another user was faster, and PrivateDir has a new name. System calls: mkdir, lstat.
//
// The parent is a temp dir, where the sticky bit keeps others from giving the name to something else in between.
func MakePrivateDir(path string) error {
	defer begin(path)()
	var st unix.Stat_t
	err := unix.Mkdir(path, 0o700)
	if err == nil || err == unix.EEXIST {
		err = unix.Lstat(path, &st)
	}
	switch {
	case err != nil:
	case !isOwnDir(&st):
		err = fmt.Errorf("it is not a directory of uid %d: %w", os.Geteuid(), unix.EEXIST)
	case st.Mode&0o777 != 0o700: // also what a umask made of it; a set-group-id bit from the parent does no harm
		err = unix.Chmod(path, 0o700)
	}
	if err != nil {
		return fmt.Errorf("making private directory %q: %w", path, err)
	}
	return nil
}

// MakeDir makes dir, and what is missing above it, each with mode 0700. One that is there stays as it is.
func MakeDir(dir string) error {
	defer begin(dir)()
	if err := makeDir(dir); err != nil {
		return fmt.Errorf("making directory %q: %w", dir, err)
	}
	return nil
}
