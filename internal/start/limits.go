package start

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

// minFiles is how many descriptors a start takes that waits for a session, before it opens a file. With fewer the Go runtime
// itself would end with a stack trace.
const minFiles = 7

// RoomToWait returns an error where the limit on open files leaves a start no room to wait for a session.
func RoomToWait() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= minFiles {
		return nil
	}
	return exit.Because(exit.System, fmt.Errorf("the limit on open files is %d, and a start that gets a session needs %d", limit.Cur, minFiles), "raise it (ulimit -n)")
}

// Limited gives errors that are a limit's the code and the hint for it, in place of those of whatever met the limit.
func Limited(err error) error {
	var list []error
	for _, e := range exit.All(err) {
		hint := ""
		switch {
		case exit.CodeOf(e) == exit.System:
		case errors.Is(e, syscall.EMFILE), errors.Is(e, syscall.ENFILE):
			hint = "the limit on open files is reached: raise it (ulimit -n)"
		case errors.Is(e, syscall.ENOMEM):
			hint = "the limit on memory is reached: raise the container's, or the one on address space (ulimit -v)"
		}
		if hint != "" {
			e = exit.Because(exit.System, e, hint)
		}
		list = append(list, e)
	}
	return errors.Join(list...)
}
