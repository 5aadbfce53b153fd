package report

import (
	"io"
	"os"
	"strings"
	"syscall"

	"rolechain/internal/exit"
)

// TerminationLog is where the kubelet looks for a container's last words by default (terminationMessagePath).
const TerminationLog = "/dev/termination-log"

// TerminationVariable names the file that stands in for it in EMR's driver pods, whose terminationMessagePath it is.
const TerminationVariable = "TERMINATION_ERROR_LOG_FILE_PATH"

// maxTermination is what a kubelet keeps of a termination message, in bytes
// (kubernetes.io, "Determine the Reason for Pod Failure").
const maxTermination = 4096

// Terminate leaves err as the container's termination message, in the first of paths where a regular file can be written.
// It is the last thing that a failing start does and has nobody to report its own failure to, so it returns nothing.
//
// The message is appended: in EMR's pods others write to that file, too. No file is created: outside Kubernetes there is
// none, and none should appear.
func Terminate(err error, paths ...string) {
	var b strings.Builder
	for _, e := range failures(err) {
		b.WriteString("rolechain: " + e.Error() + "\n")
		if hint := exit.HintOf(e); hint != "" {
			b.WriteString("  hint: " + hint + "\n")
		}
	}
	if b.Len() == 0 {
		return
	}
	message := cut(strings.TrimSuffix(b.String(), "\n"), maxTermination-1) + "\n"
	for _, path := range paths {
		if path == "" {
			continue
		}
		f, err := openRegular(path, os.O_WRONLY|os.O_APPEND)
		if err != nil {
			continue
		}
		_, err = io.WriteString(f, message)
		f.Close()
		if err == nil {
			return
		}
	}
}

// openRegular opens a regular file, and nothing else.
func openRegular(path string, flags int) (*os.File, error) {
	// O_NONBLOCK: a FIFO without a reader must not hold up the end of the container.
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0o644)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		f.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EINVAL}
	}
	return f, nil
}
