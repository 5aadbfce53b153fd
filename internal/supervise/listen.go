package supervise

import (
	"fmt"
	"net/netip"
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
	f, err := listen(unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err != nil {
		of := fmt.Errorf("listening on 127.0.0.1:%d: %w", port, err)
		if err == unix.EADDRINUSE {
			return nil, exit.Because(exit.System, of, "the job was told this port, and another process of the pod has taken it: end that, or start the pod again")
		}
		return nil, of
	}
	return f, nil
}

// On returns a TCP socket that listens on an address. [::] takes IPv4 as well, and is 0.0.0.0 where there is no IPv6.
func On(address netip.AddrPort) (f *os.File, err error) {
	ip, port := address.Addr(), int(address.Port())
	four := &unix.SockaddrInet4{Port: port}
	if ip.Is4() {
		four.Addr = ip.As4()
		f, err = listen(unix.AF_INET, four)
	} else {
		f, err = listen(unix.AF_INET6, &unix.SockaddrInet6{Addr: ip.As16(), Port: port})
		if err == unix.EAFNOSUPPORT && ip.IsUnspecified() {
			f, err = listen(unix.AF_INET, four)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return f, nil
}

func listen(family int, address unix.Sockaddr) (*os.File, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	// Connections that ended a minute ago hold the port against a successor, unless both have said that they do not mind.
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil && family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if err == nil {
		err = unix.Bind(fd, address)
	}
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "listening socket"), nil
}
