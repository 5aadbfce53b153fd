package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pollInterval is how often /proc is looked at where there is no pidfd. It is the part of the second, within which all
// ends, that noticing may take.
const pollInterval = 200 * time.Millisecond

// An original is the process with which all ends. Its pid and start time stay the same through execve.
type original struct {
	pid   string // as /proc numbers it, which is not getpid() where /proc is another PID namespace's
	start string // clock ticks since boot, by which a process that got the same id is told apart
	pidfd int    // -1: look into /proc
}

// calling returns the calling process as an original, with an open pidfd where the kernel gives one. A process that opens
// its own pidfd cannot get one of a process that has been given its id.
func calling() (original, error) {
	pid, start, _, err := readStat("self")
	if err != nil {
		return original{}, err
	}
	pidfd, err := unix.PidfdOpen(unix.Getpid(), 0) // close-on-exec by definition
	if err != nil {
		pidfd = -1 // EPERM or ENOSYS of a seccomp profile, or of a sandbox's own kernel
	}
	return original{pid, start, pidfd}, nil
}

// wait returns when the original has ended, when fd (-1: none) can be read or was closed at its other end, or when the timeout
// (negative: none) is over.
//
// System calls: poll; without a pidfd also openat, read and close of /proc/<pid>/stat every 200 ms.
func (o original) wait(fd int, timeout time.Duration) (ended, readable bool) {
	until := time.Now().Add(timeout)
	for {
		step := time.Duration(-1)
		if timeout >= 0 {
			step = max(0, time.Until(until))
		}
		if o.pidfd < 0 && (step < 0 || step > pollInterval) {
			step = pollInterval
		}
		milliseconds := -1
		if step >= 0 {
			milliseconds = int((step + time.Millisecond - 1) / time.Millisecond)
		}
		fds := []unix.PollFd{{Fd: int32(o.pidfd), Events: unix.POLLIN}, {Fd: int32(fd), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, milliseconds)
		ended = err == nil && fds[0].Revents != 0 || o.pidfd < 0 && !o.inProc()
		readable = err == nil && fds[1].Revents != 0
		if ended || readable || timeout >= 0 && !time.Now().Before(until) {
			return ended, readable
		}
	}
}

// inProc reports whether the original lives, by its entry in /proc. If that cannot be read for another reason than that it
// is not there (no descriptor left, no memory), it is taken to live: the next look is near.
func (o original) inProc() bool {
	_, start, dead, err := readStat(o.pid)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return false
	}
	return err != nil || start == o.start && !dead
}

// readStat reads what is needed of proc_pid_stat(5).
func readStat(of string) (pid, start string, dead bool, err error) {
	path := "/proc/" + of + "/stat"
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", "", false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var buf [1024]byte // the kernel makes at most 52 fields of at most 20 digits; the last that counts is the 22nd
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return "", "", false, &os.PathError{Op: "read", Path: path, Err: err} // ESRCH: reaped since it was opened
	}
	return parseStat(buf[:n])
}

func parseStat(line []byte) (pid, start string, dead bool, err error) {
	// The name, in parentheses, may have spaces and parentheses in it; nothing after it has.
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	// Fields from the third on; proc_pid_stat(5) counts them from 1.
	fields := bytes.Fields(line[end+1:])
	const stateField, threadsField, startField = 0, 17, 19
	if open < 0 || end < open || len(fields) <= startField {
		return "", "", false, fmt.Errorf("not a process's status: %q", line)
	}
	state := fields[stateField][0]
	// A main thread that has ended is a zombie too while other threads of its process go on.
	dead = (state == 'Z' || state == 'X') && string(fields[threadsField]) <= "1"
	return string(bytes.TrimSpace(line[:open])), string(fields[startField]), dead, nil
}
