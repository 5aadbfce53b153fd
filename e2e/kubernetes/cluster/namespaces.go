package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// sysctls are what the kubelet would set for the whole machine. It finds files with these values in their place, in its
// mount namespace alone, and sets nothing.
var sysctls = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// furnish makes the namespaces that this process was started in a machine of their own, as far as a cluster takes one:
// /run is empty, what is written to /var/lib and /var/log is kept in memory, and the loopback interface has the
// addresses. Nothing of it is seen outside, and all of it is gone with the last process.
func furnish(dir string) error {
	// First private, so that no mount gets out, then shared among our own: containers get to see the kubelet's.
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", propagation|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("making mounts private: %w", err)
		}
	}
	for at, options := range map[string]string{"/run": "mode=755", "/dev/shm": "mode=1777"} {
		if err := unix.Mount("tmpfs", at, "tmpfs", 0, options); err != nil {
			return fmt.Errorf("mounting %s: %w", at, err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	for name, value := range sysctls {
		file := filepath.Join("/run/sysctl", strings.ReplaceAll(name, "/", "."))
		err := errors.Join(os.MkdirAll("/run/sysctl", 0o755), os.WriteFile(file, []byte(value+"\n"), 0o644),
			unix.Mount(file, filepath.Join("/proc/sys", name), "", unix.MS_BIND, ""))
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without it
			return fmt.Errorf("covering the setting %s: %w", name, err)
		}
	}
	for _, place := range []string{"/var/lib", "/var/log"} {
		upper, work := "/run/upper"+place, "/run/work"+place
		if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
			return err
		}
		options := "lowerdir=" + place + ",upperdir=" + upper + ",workdir=" + work
		// Where the checkout itself lies below it, it stays as it is.
		if strings.HasPrefix(dir, place+"/") {
			continue
		}
		if err := unix.Mount("overlay", place, "overlay", 0, options); err != nil {
			return fmt.Errorf("covering %s: %w", place, err)
		}
	}
	commands := [][]string{{"link", "set", "lo", "up"}}
	for _, address := range addresses {
		commands = append(commands, []string{"address", "add", address + "/32", "dev", "lo"})
	}
	for _, command := range commands {
		if out, err := exec.Command("ip", command...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}
