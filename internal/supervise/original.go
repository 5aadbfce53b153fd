package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// pollInterval is how often /proc is looked at where there is no pidfd. It is the part of the second, within which all
// ends, that noticing may take.
const pollInterval = 200 * time.Millisecond

// An original is the process with which all ends. Its pid and start time stay the same through execve.
type original struct {
	pid   int    // as /proc numbers it, which is not getpid() where /proc is another PID namespace's
	start uint64 // clock ticks since boot
	pidfd int    // -1: look into /proc
}

// calling returns the calling process as an original, with an open pidfd where the kernel gives one. A process that opens
// its own pidfd cannot get one of a process that has been given its id.
func calling() (original, error) {
	st, err := readStat("/proc/self/stat")
	if err != nil {
		return original{}, fmt.Errorf("looking at this process: %w", err)
	}
	pidfd, err := unix.PidfdOpen(unix.Getpid(), 0) // close-on-exec by definition
	if err != nil {
		pidfd = -1 // EPERM or ENOSYS of a seccomp profile, or of a sandbox's own kernel
	}
	return original{pid: st.pid, start: st.start, pidfd: pidfd}, nil
}

// wait returns when the original has ended, when fd (-1: none) is readable or closed at its other end, or when the
// timeout (negative: none) is over. It looks at the original before anything else.
//
// System calls: poll; without a pidfd also openat, read and close of /proc/<pid>/stat every 200 ms.
func (o original) wait(fd int, timeout time.Duration) (ended, readable bool) {
	until := time.Now().Add(timeout)
	for {
		left := time.Duration(-1)
		if timeout >= 0 {
			left = max(0, time.Until(until))
		}
		step := left
		if o.pidfd < 0 && (left < 0 || left > pollInterval) {
			step = pollInterval
		}
		milliseconds := -1
		if step >= 0 {
			milliseconds = int((step + time.Millisecond - 1) / time.Millisecond)
		}
		fds := []unix.PollFd{{Fd: int32(o.pidfd), Events: unix.POLLIN}, {Fd: int32(fd), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, milliseconds)
		if o.pidfd < 0 {
			ended = !o.inProc()
		} else {
			ended = err == nil && fds[0].Revents != 0
		}
		readable = err == nil && fds[1].Revents != 0
		if ended || readable || timeout >= 0 && !time.Now().Before(until) {
			return ended, readable
		}
	}
}

// inProc tells whether the original lives, by its entry in /proc. If that cannot be read for another reason than that it
// is not there (no descriptor left, no memory), it is taken to live: the next look is near.
func (o original) inProc() bool {
	st, err := readStat("/proc/" + strconv.Itoa(o.pid) + "/stat")
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH):
		return false
	case err != nil:
		return true
	}
	// A main thread that has ended is a zombie too while other threads of its process go on.
	dead := (st.state == 'Z' || st.state == 'X') && st.threads <= 1
	return st.start == o.start && !dead
}

type stat struct {
	pid, threads int
	state        byte
	start        uint64
}

// readStat reads what is needed of proc_pid_stat(5).
func readStat(path string) (stat, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return stat{}, fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(fd)
	var buf [1024]byte // the kernel makes at most 52 fields of at most 20 digits; the last that counts is the 22nd
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return stat{}, fmt.Errorf("%s: %w", path, err) // ESRCH: reaped since it was opened
	}
	st, err := parseStat(buf[:n])
	if err != nil {
		return stat{}, fmt.Errorf("%s: %w", path, err)
	}
	return st, nil
}

func parseStat(line []byte) (stat, error) {
	malformed := fmt.Errorf("not a process's status: %q", line)
	// The name, in parentheses, may have spaces and parentheses in it; nothing after it has.
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, malformed
	}
	// Fields from the third on; proc_pid_stat(5) counts them from 1.
	fields := bytes.Fields(line[end+1:])
	const state, threads, start = 0, 17, 19
	if len(fields) <= start {
		return stat{}, malformed
	}
	st := stat{state: fields[state][0]}
	var err1, err2, err3 error
	st.pid, err1 = strconv.Atoi(string(bytes.TrimSpace(line[:open])))
	st.threads, err2 = strconv.Atoi(string(fields[threads]))
	st.start, err3 = strconv.ParseUint(string(fields[start]), 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return stat{}, malformed
	}
	return st, nil
}
