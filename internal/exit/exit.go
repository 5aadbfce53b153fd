// Package exit has the exit codes of rolechain's programs, and the error that carries one.
//
// They are seen by a kubelet and by whoever reads `kubectl describe pod`, so each says what kind of thing went wrong
// before the original entrypoint ran. After the exec the code is the original's own.
package exit

import (
	"errors"
)

// A Code is a process exit code. The values 64 to 78 are those of sysexits.h, 126, 127 and 143 those of a POSIX shell.
type Code int

// The table. docs/reference.md has the same one; a test compares them.
const (
	OK          Code = 0   // done, or the original's own code after the exec
	Usage       Code = 64  // `rolechain` was called with a command or an argument that it does not have
	Conflict    Code = 65  // `rolechain spark-conf -merge`: the job has settings that contradict the role chain; nothing is written
	NoToken     Code = 66  // the web identity token is missing, unreadable or empty
	NoRefresher Code = 69  // `rolechain status`: the refresher does not answer
	Internal    Code = 70  // a fault of rolechain itself; the message says where to report it
	System      Code = 71  // the system refused what a start needs: a process, an open file, memory, /proc, /dev/null
	NoFiles     Code = 73  // the AWS files, or those of `rolechain spark-conf`, cannot be written, or an existing one cannot be edited safely
	Unreached   Code = 75  // STS was not reachable, or throttled, until the timeout; with `rolechain check` any service
	Denied      Code = 77  // AWS refused a call, of the chain or of `rolechain check`, or the role map does not allow a role; the message says which, and the likely cause
	BadSetting  Code = 78  // a setting is wrong; every wrong one is named
	CannotExec  Code = 126 // the original entrypoint is there but cannot be executed
	NotFound    Code = 127 // the original entrypoint is not there
	Stopped     Code = 143 // SIGTERM came while the first session was waited for
)

// An Error ends a program with Code.
type Error struct {
	Code Code
	Err  error
	Hint string // what to do about it; empty when the error says it all
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// ErrTold is the error of a failure whose reason another process has told already.
var ErrTold = errors.New("another process has told the reason")

// Because gives err a code and a hint.
func Because(code Code, err error, hint string) error {
	return &Error{Code: code, Err: err, Hint: hint}
}

// CodeOf returns the code that err carries: OK for nil, Internal for an error that carries none. Of several joined
// errors the first with a code counts.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// faultHint says where a fault of rolechain is reported. What is a secret never is in a message, so it can be copied.
const faultHint = "this is a fault of rolechain: open an issue in the repository that the image was built from, with this message and what `rolechain version` prints"

// HintOf returns the hint that err carries. A fault of rolechain that carries none has one that says where to report it;
// other errors without a hint have "".
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Hint != "" {
		return e.Hint
	}
	if CodeOf(err) == Internal {
		return faultHint
	}
	return ""
}

// All returns the errors that errors.Join put together in err, err alone if it is not joined, and none for nil.
func All(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, All(e)...)
	}
	return list
}
