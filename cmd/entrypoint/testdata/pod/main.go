// Pod executes a command as it would run in a container: with the folder pod as its root file system, as an ordinary
// user, in mounts that nobody else sees and that go with the process.
//
//	pod [SITUATION...] -- COMMAND [ARGUMENT...]
//
// Situations are taken in order, paths are the container's:
//
//	uid=N              run as this user and group instead of hadoop's; 0 keeps all capabilities
//	readonly=PATH      PATH is mounted read-only, as it stands
//	tmpfs=PATH[,SIZE]  an empty file system of that size (default 1m), writable for everybody
//	bind=FROM,PATH     the file or directory FROM is mounted on PATH
//
// A file termination-log beside pod is mounted as /dev/termination-log.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// hadoop is the uid and gid of the user that EMR's images run as.
const hadoop = 999

// cannot is the exit code for a machine that does not let us mount.
const cannot = 125

// The threads of a process can be in different mount namespaces: everything happens in the one that execs.
func init() { runtime.LockOSThread() }

func main() {
	err := run(os.Args[1:])
	fmt.Fprintln(os.Stderr, "pod:", err)
	os.Exit(cannot)
}

func run(args []string) error {
	root, err := filepath.Abs("pod")
	if err != nil {
		return err
	}
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace of our own: %w", err)
	}
	// Before anything else, so that no mount ever gets out.
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := furnish(root); err != nil {
		return err
	}
	uid := hadoop
	for ; len(args) > 0 && args[0] != "--"; args = args[1:] {
		if err := situation(root, args[0], &uid); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
	}
	if len(args) < 2 {
		return fmt.Errorf("no command")
	}
	if err := enter(root, uid); err != nil {
		return err
	}
	path, err := exec.LookPath(args[1])
	if err != nil {
		return err
	}
	return syscall.Exec(path, args[1:], os.Environ())
}

func situation(root, word string, uid *int) (err error) {
	what, value, _ := strings.Cut(word, "=")
	path, more, _ := strings.Cut(value, ",")
	switch what {
	case "uid":
		*uid, err = strconv.Atoi(value)
		return err
	case "readonly":
		return readOnly(filepath.Join(root, path))
	case "tmpfs":
		if more == "" {
			more = "1m"
		}
		return mount("tmpfs", filepath.Join(root, path), "tmpfs", 0, "mode=1777,size="+more)
	case "bind":
		return bind(filepath.Join(root, path), filepath.Join(root, more))
	}
	return fmt.Errorf("no such situation")
}

// furnish mounts what every container has: programs, the machine's and ours, /proc and a few devices.
func furnish(root string) error {
	// A mount of its own, so that readonly=/ does not reach the machine's.
	if err := mount(root, root, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return err
	}
	for _, dir := range []string{"/usr", "/bin", "/lib", "/lib64"} {
		if to, err := os.Readlink(dir); err == nil {
			if err := os.Symlink(to, root+dir); err != nil && !os.IsExist(err) {
				return err
			}
		} else if _, err := os.Stat(dir); err == nil {
			if err := bind(dir, root+dir); err != nil {
				return err
			}
		}
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	if err := bind(filepath.Dir(own), root+"/opt/rolechain"); err != nil {
		return err
	}
	if err := bind("/proc", root+"/proc"); err != nil {
		return err
	}
	if err := mount("tmpfs", root+"/dev", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	if err := bind("/dev/null", root+"/dev/null"); err != nil {
		return err
	}
	if _, err := os.Stat("termination-log"); err == nil {
		return bind("termination-log", root+"/dev/termination-log")
	}
	return nil
}

func enter(root string, uid int) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := syscall.Chroot("."); err != nil {
		return err
	}
	for _, name := range []string{"WORK", "PWD"} { // the story's, not the container's
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	if err := os.Setenv("PATH", "/opt/rolechain:/usr/bin:/bin"); err != nil || uid == 0 {
		return err
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(uid); err != nil {
		return err
	}
	return syscall.Setuid(uid)
}

func readOnly(path string) error {
	if err := mount(path, path, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return err
	}
	return mount("", path, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

// bind mounts from on to, which is made if it is missing.
func bind(from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	if _, err := os.Stat(to); err != nil && !st.IsDir() {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, nil, 0o644); err != nil {
			return err
		}
	}
	return mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, "")
}

// mount makes a directory to mount on if nothing is there.
func mount(from, to, kind string, flags uintptr, data string) error {
	if _, err := os.Stat(to); err != nil {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
	}
	if err := syscall.Mount(from, to, kind, flags, data); err != nil {
		return fmt.Errorf("mounting %q: %w", to, err)
	}
	return nil
}
