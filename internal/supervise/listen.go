package supervise

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// backlog is how many connections wait while there is no worker. The kernel lowers it to net.core.somaxconn, 4096 since
// Linux 5.4.
const backlog = 4096

// Loopback returns a TCP socket that listens on 127.0.0.1, on a port that the kernel chooses. It is for Config.Listen:
// package net would take more memory than all the rest of a supervisor.
func Loopback() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
			err = unix.Listen(fd, backlog)
		}
		if err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listening on 127.0.0.1: %w", err)
	}
	return os.NewFile(uintptr(fd), "listening socket"), nil
}
