package report

import (
	"golang.org/x/sys/unix"
)

// maxPiece is how much is written at once: a pipe takes up to PIPE_BUF bytes whole or not at all (pipe(7)).
const maxPiece = 4096

// writeAtOnce writes at most maxPiece bytes to fd in a way that cannot wait, whoever else writes there, and without
// O_NONBLOCK, which belongs to the open file that the job shares. known is false where there is no such way: a pipe before
// Linux 6.4, a file, a terminal.
func writeAtOnce(fd int, b []byte) (known bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return true, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFIFO:
		_, err = unix.Pwritev2(fd, [][]byte{b}, -1, unix.RWF_NOWAIT)
	case unix.S_IFSOCK:
		err = unix.Sendto(fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil)
	default:
		return false, nil
	}
	switch err {
	case unix.EOPNOTSUPP, unix.ENOSYS, unix.EPERM, unix.EINVAL: // an older kernel, or a seccomp profile that does not know the call
		return false, nil
	}
	return true, err
}

// takes waits until fd takes a piece, for at most so many milliseconds.
func takes(fd, milliseconds int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	for {
		n, err := unix.Poll(fds, milliseconds)
		if err == unix.EINTR {
			continue
		}
		return err != nil || n > 0 // of an error the write says more
	}
}

// A Now writes to a descriptor without waiting for its reader and without a thread of its own: what cannot be written at
// once is dropped, and counted in the next line that can. Where writeAtOnce knows no way, it asks with poll(2) first; then a
// write could wait only if another process fills the pipe between the two calls.
type Now struct {
	FD int

	loss
}

func (n *Now) Write(line []byte) (int, error) {
	n.loss.write(line, func(b []byte) error { return writeNow(n.FD, b) })
	return len(line), nil
}

func writeNow(fd int, b []byte) error {
	known, err := writeAtOnce(fd, b)
	if !known {
		if !takes(fd, 0) {
			return unix.EAGAIN
		}
		_, err = unix.Write(fd, b)
	}
	return err
}
