package supervise

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

const openFiles = "the limit on open files is reached: raise it (ulimit -n)"

// refused gives what the system refuses its exit code, and says what to do about it. Another error stays as it is, behind
// doing.
func refused(doing string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, unix.EAGAIN):
		hint = "the limit on processes and threads is reached: raise the pod's (podPidsLimit of the kubelet), or ulimit -u"
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		hint = openFiles
	case errors.Is(err, unix.ENOMEM), errors.Is(err, unix.ENOBUFS):
		hint = "the limit on memory is reached: raise the container's, or the one on address space (ulimit -v)"
	case errors.Is(err, unix.E2BIG):
		hint = "arguments and environment are longer than the kernel takes for a program: make the environment smaller"
	case missing("/proc/self/stat", err):
		hint = "mount /proc: every container has it"
	case missing(os.DevNull, err):
		hint = "every container has /dev/null: the image, or what is mounted over /dev, hides it"
	}
	err = fmt.Errorf("%s: %w", doing, err)
	if hint == "" {
		return err
	}
	return exit.Because(exit.System, err, hint)
}

// missing reports whether err is about the file at path.
func missing(path string, err error) bool {
	var about *os.PathError
	return errors.As(err, &about) && about.Path == path
}

// early is the error of a process that ended before it was ready. Exit status 2 is how the Go runtime itself ends, for want
// of a thread, say, or of memory.
func early(who string, status unix.WaitStatus) error {
	err := fmt.Errorf("%s: %s", who, describe(status))
	if !status.Exited() || status.ExitStatus() != 2 {
		return err
	}
	hint := "its last words are above; this is how it ends where a limit leaves no room for it"
	for _, l := range []struct {
		resource int
		name     string
		unit     uint64
	}{{unix.RLIMIT_NPROC, "-u", 1}, {unix.RLIMIT_NOFILE, "-n", 1}, {unix.RLIMIT_AS, "-v", 1 << 10}} {
		var now unix.Rlimit
		if unix.Getrlimit(l.resource, &now) == nil && now.Cur != unix.RLIM_INFINITY {
			hint += fmt.Sprintf(", ulimit %s is %d", l.name, now.Cur/l.unit)
		}
	}
	return exit.Because(exit.System, err, hint)
}
