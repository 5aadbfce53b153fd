package durable

import (
	"bufio"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Copy makes the file at path one with the content of from and with mode, and reports whether it had to: one that is so
// already is left alone. Nobody finds half of it at path, and whoever executes the old one goes on with that. There is no
// limit on the size. A link at path is replaced, not followed; the directory must be there. Temp files of killed calls are
// Sweep's.
func Copy(path string, from io.ReadSeeker, mode os.FileMode) (changed bool, err error) {
	if _, name := split(path); checkName(name) != nil {
		return false, describe("writing", path, path, checkName(name))
	}
	same, err := isCopy(path, from, mode)
	if same || err != nil {
		return false, describe("comparing", path, path, err)
	}
	err = replace(path, func(fd int, _ string) error {
		if _, err := from.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(writer{fd}, from); err != nil {
			return err
		}
		return unix.Fchmod(fd, uint32(mode.Perm())) // the umask has no say
	})
	return err == nil, describe("writing", path, path, err)
}

// isCopy reports whether there is a file like that at path. What cannot be read is none; the error is from's.
func isCopy(path string, from io.ReadSeeker, mode os.FileMode) (bool, error) {
	there, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, nil
	}
	defer there.Close()
	if info, err := there.Stat(); err != nil || info.Mode() != mode {
		return false, nil
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	a, b := bufio.NewReaderSize(from, 64<<10), bufio.NewReaderSize(there, 64<<10)
	for {
		want, err1 := a.ReadByte()
		got, err2 := b.ReadByte()
		switch {
		case err1 != nil && err1 != io.EOF:
			return false, err1
		case err1 != nil && err2 == io.EOF:
			return true, nil
		case err1 != nil, err2 != nil, want != got:
			return false, nil
		}
	}
}
