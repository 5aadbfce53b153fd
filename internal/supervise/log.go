package supervise

import (
	"time"

	"golang.org/x/sys/unix"
)

// Stderr writes to standard error without ever waiting for a reader, and without a thread that would wait in its place.
type Stderr struct{}

// Write tries once. What cannot be written at once is lost, and only that. It writes 4096 bytes at most, PIPE_BUF: a pipe
// that takes any takes so many.
func (Stderr) Write(line []byte) (int, error) {
	line = line[:min(len(line), 4096)]
	fds := []unix.PollFd{{Fd: 2, Events: unix.POLLOUT}}
	if n, err := unix.Poll(fds, 0); err != nil || n == 0 || fds[0].Revents&unix.POLLOUT == 0 {
		return 0, unix.EAGAIN
	}
	// Somebody may have filled the pipe since. A kernel or a file that does not know the flag has only the look before.
	n, err := unix.Pwritev2(2, [][]byte{line}, -1, unix.RWF_NOWAIT)
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS || err == unix.EINVAL {
		return unix.Write(2, line)
	}
	return n, err
}

// calm is what a worker must have lived for, so that its death is news, and the longest time without a word.
const calm, maxSilence = time.Minute, 5 * time.Minute

// remarks limit what is said of deaths: a first one at once, then one after a second, two, four, and from then on one in
// five minutes; another reason within a second.
type remarks struct {
	cause   string
	said    time.Time
	silence time.Duration
	unsaid  int
}

// next reports whether to speak of a death now, and of how many nobody spoke.
func (r *remarks) next(cause string, now time.Time, lived time.Duration) (unsaid int, speak bool) {
	if lived >= calm {
		r.silence = 0
	}
	past := now.Sub(r.said)
	if r.silence > 0 && past < r.silence && (cause == r.cause || past < time.Second) {
		r.unsaid++
		return 0, false
	}
	unsaid, r.unsaid = r.unsaid, 0
	r.cause, r.said, r.silence = cause, now, min(max(time.Second, 2*r.silence), maxSilence)
	return unsaid, true
}
