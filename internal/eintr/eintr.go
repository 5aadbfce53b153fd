// Package eintr repeats system calls that a signal interrupted. The Go runtime's own preemption signals interrupt calls on
// network and FUSE file systems, and only package os repeats them.
package eintr

import "golang.org/x/sys/unix"

// Retry makes a system call until it returns something else than EINTR.
func Retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
