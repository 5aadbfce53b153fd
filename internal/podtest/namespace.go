package podtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// NodeAddress is where the metadata service is in reach. All addresses are on the pod's own loopback interface; there is no
// other.
const NodeAddress = "169.254.169.254:80"

// Namespaces are what a pod has of its own, as clone flags. A process that is started in them takes root.
const Namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID

// Furnish turns the Namespaces that this process was started in into a pod: its interface is up and has the metadata
// service's address too, names lead to addresses as hosts says, in lines of /etc/hosts, and the authority in dir is the
// only one that is trusted. work is a folder of the pod's.
func Furnish(dir, work, hosts string) error {
	// Before anything else, so that no mount ever gets out.
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	// faketime's clocks are shared memory, named by the process id that it has in its pod.
	if err := unix.Mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777,size=64m"); err != nil {
		return fmt.Errorf("mounting /dev/shm: %w", err)
	}
	path := filepath.Join(work, "hosts")
	if err := os.WriteFile(path, []byte(hosts), 0o644); err != nil {
		return err
	}
	if err := unix.Mount(path, "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting /etc/hosts: %w", err)
	}
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	if err := unix.Mount(filepath.Join(dir, BundleFile), bundle, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting %s: %w; install the package ca-certificates", bundle, err)
	}
	host, _, _ := net.SplitHostPort(NodeAddress)
	return Loopback("node", net.ParseIP(host))
}

// Loopback brings the loopback interface of the process's network namespace up, which gives it 127.0.0.1/8, and adds an
// address to it, under a label.
func Loopback(label string, more net.IP) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	up, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	up.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, up); err != nil {
		return fmt.Errorf("bringing the loopback interface up: %w", err)
	}
	alias, err := unix.NewIfreq("lo:" + label)
	if err != nil {
		return err
	}
	if err := alias.SetInet4Addr(more.To4()); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFADDR, alias); err != nil {
		return fmt.Errorf("adding %s to the loopback interface: %w", more, err)
	}
	return nil
}
