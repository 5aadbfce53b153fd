package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A place is a directory to make home directories in.
type place struct{ name, dir, fs string }

// shm is where Linux has a tmpfs by default.
const shm = "/dev/shm"

// places are a tmpfs and the disk, since on the disk rolechain's first start waits for fsync. missing says which of them is
// not there; one always is.
func places(disk string) (list []place, missing []string) {
	if fs := filesystem(shm); fs == "tmpfs" && unix.Access(shm, unix.W_OK) == nil {
		list = append(list, place{"tmpfs", shm, fs})
	} else {
		missing = append(missing, "HOME on tmpfs: "+shm+" is none, or cannot be written")
	}
	switch fs := filesystem(disk); {
	case fs != "tmpfs":
		list = append(list, place{"disk", disk, fs})
	case len(list) == 0:
		return []place{{"tmpfs", disk, fs}}, []string{"HOME on disk: " + disk + " is a tmpfs, -disk takes another directory"}
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

// A home is the HOME of one contender.
type home string

func (h home) config() string { return filepath.Join(string(h), ".aws", "config") }

// forget makes the next start the first one.
func (h home) forget() error { return os.RemoveAll(filepath.Join(string(h), ".aws")) }

// written fails unless a start has written the client role's profile.
func (h home) written() error {
	data, err := os.ReadFile(h.config())
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), "role_arn = "+clientRole+"\n") {
		return fmt.Errorf("%s is not the profile of %s: %q", h.config(), clientRole, data)
	}
	return nil
}

// untouched fails if a start has written anything.
func (h home) untouched() error {
	if _, err := os.Lstat(filepath.Dir(h.config())); !os.IsNotExist(err) {
		return fmt.Errorf("%s is there after a pass through, or cannot be seen (error %v)", filepath.Dir(h.config()), err)
	}
	return nil
}
