// Package places has the directories that a benchmark works in: homes on tmpfs and on disk, and what it makes and removes
// again.
package places

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A Place is a directory to make home directories in.
type Place struct{ Name, Dir, FS string }

// shm is where Linux has a tmpfs by default.
const shm = "/dev/shm"

// Find returns a tmpfs and the disk, since on the disk writing a file waits for fsync. missing says which of them is
// not there; one always is.
func Find(disk string) (list []Place, missing []string) {
	if fs := filesystem(shm); fs == "tmpfs" && unix.Access(shm, unix.W_OK) == nil {
		list = append(list, Place{"tmpfs", shm, fs})
	} else {
		missing = append(missing, "HOME on tmpfs: "+shm+" is none, or cannot be written")
	}
	switch fs := filesystem(disk); {
	case fs != "tmpfs":
		list = append(list, Place{"disk", disk, fs})
	case len(list) == 0:
		return []Place{{"tmpfs", disk, fs}}, []string{"HOME on disk: " + disk + " is a tmpfs, -disk takes another directory"}
	default:
		missing = append(missing, "HOME on disk: "+disk+" is a tmpfs, -disk takes another directory")
	}
	return list, missing
}

// filesystem names the type of the file system at dir, as far as it matters here: the number of any other.
func filesystem(dir string) string {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err.Error()
	}
	switch int64(st.Type) {
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlay"
	}
	return fmt.Sprintf("file system %#x", st.Type)
}
