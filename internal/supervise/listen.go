package supervise

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

// backlog is how many connections wait while there is no worker. The kernel lowers it to net.core.somaxconn, 4096 since
// Linux 5.4.
const backlog = 4096

// Loopback returns a TCP socket that listens on 127.0.0.1, on a port that the kernel chooses. It is for Config.Listen:
// package net would take more memory than all the rest of a supervisor.
func Loopback() (*os.File, error) { return LoopbackAt(0) }

// LoopbackAt is Loopback on a given port, which an earlier call of either has had.
func LoopbackAt(port int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		// Connections that ended a minute ago hold the port against a successor, unless both have said that they do not mind.
		if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err == nil {
			err = unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
		}
		if err == nil {
			err = unix.Listen(fd, backlog)
		}
		if err != nil {
			unix.Close(fd)
		}
	}
	if err == unix.EADDRINUSE {
		return nil, exit.Because(exit.System, fmt.Errorf("listening on 127.0.0.1:%d: %w", port, err),
			"the job was told this port, and another process of the pod has taken it: end that, or start the pod again")
	}
	if err != nil {
		return nil, fmt.Errorf("listening on 127.0.0.1:%d: %w", port, err)
	}
	return os.NewFile(uintptr(fd), "listening socket"), nil
}
