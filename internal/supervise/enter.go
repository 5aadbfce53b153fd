// Package supervise keeps a background process going for as long as another process, the original, lives, and no longer.
//
//	entrypoint ──Spawn──▶ supervisor ──▶ worker
//	    │ execve             │ holds the listening socket, the last state and one more descriptor; replaces the worker
//	    ▼                    ▼
//	 original ◀──pidfd── both end when it ends
//
// The entrypoint calls Spawn and, when that returns, executes the original in its own process. The program that it
// spawned calls Enter, which says which of the two it is:
//
//   - The Supervisor does nothing but wait, in one poll(2). It holds what must outlive the worker, and starts the worker,
//     which is the same program with the same arguments, again whenever that dies or hangs.
//   - The Worker does the work. What it needs is handed over on a socket once it has closed itself to other processes. When
//     the supervisor dies it goes on; nobody replaces it then.
//
// What is guaranteed, on Linux 5.3 and later with /proc mounted:
//
//   - Both end within a second of the original, also while that is a zombie that nobody reaps, and with or without a PID
//     namespace of their own. Where pidfd_open(2) is refused they look into /proc every 200 ms. Only a supervisor stopped
//     by SIGSTOP is late: it ends when it is continued.
//   - They are a session of their own, and of the original's descriptors they have stderr and nothing else.
//   - A connection to the socket is never refused while one of the two lives: it waits in the backlog.
//   - There is never more than one worker: the next is started after the last was reaped.
//   - SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGPIPE are ignored, because a job needs its credentials in its shutdown
//     hooks, and a log whose reader has gone is no reason to end. They end with the original, or by SIGKILL.
//   - Other processes of the same user cannot read their memory, descriptors or environment (PR_SET_DUMPABLE), and they
//     leave no core. Before the prctl, in the first millisecond, there is nothing to read: environment and descriptors have
//     no secret. What is not kept out is a process that holds /proc/PID/mem open since before, or traces the worker.
//
// What is not: a supervisor that is killed is a zombie until the original reaps it, because it is the original's child
// (PID 1 of a container becomes the parent of every orphan, so a second fork would change nothing there). Killing both,
// at once or one after the other, ends the service for good; the original does not notice.
package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Where a spawned program finds its descriptors. Each of these is there on purpose or is closed: syscall.ForkExec closes
// those that are -1 in its list.
const (
	fdOriginal = 3 + iota // pidfd of the original; not there where pidfd_open is refused
	fdTalk                // supervisor: pipe to Spawn; worker: socket to the supervisor
	fdKept                // supervisor: what it is to keep
	fdAfter
)

// placeEnv tells a spawned program what it is: "supervisor" or "worker", and which process the original is: its process
// id, as /proc numbers it, and its start time in clock ticks, by which a process that got the same id is told apart.
const placeEnv = "ROLECHAIN_SUPERVISE"

// self is the program that runs, even when its file has been replaced.
const self = "/proc/self/exe"

// ErrNotSpawned is Enter's error in a process that was not started by Spawn.
var ErrNotSpawned = errors.New("not started by the entrypoint")

// Enter makes the calling process what its starter meant it to be, and returns that one of the two; the other is nil. It
// must be the first thing that the program does: whatever was opened before without O_CLOEXEC is closed.
//
// The process loses the descriptors that it inherited by accident, ignores signals (see the package comment), and cannot
// be dumped or read by others.
//
// System calls: fcntl for each descriptor, getdents64 and close for the strays, rt_sigaction, prlimit64, prctl; of a worker
// sendmsg and recvmsg.
func Enter() (*Supervisor, *Worker, error) {
	role, o, err := parsePlace(os.Getenv(placeEnv))
	if err != nil {
		return nil, nil, err
	}
	os.Unsetenv(placeEnv)
	o.pidfd = claim(fdOriginal)
	talk, kept := claim(fdTalk), claim(fdKept)
	if err = closeStrays(); err == nil {
		signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE)
		err = hide()
	}
	switch {
	case talk < 0:
		return nil, nil, fmt.Errorf("started as %q without the descriptors for it", role)
	case role == "supervisor":
		s := &Supervisor{original: o, spawn: talk, kept: kept}
		if err != nil {
			return nil, nil, s.fail(err)
		}
		return s, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	w, err := newWorker(o, talk)
	return nil, w, err
}

func place(role string, o original) string {
	return fmt.Sprintf("%s=%s %s %s", placeEnv, role, o.pid, o.start)
}

func parsePlace(value string) (role string, o original, err error) {
	if value == "" {
		return "", o, ErrNotSpawned
	}
	fields := strings.Fields(value)
	if len(fields) == 3 {
		return fields[0], original{pid: fields[1], start: fields[2]}, nil
	}
	return "", o, fmt.Errorf("%s: malformed %q", placeEnv, value)
}

// claim returns fd when it was inherited, and keeps it from being inherited by accident; -1 when it was not. What the
// Go runtime opened itself has FD_CLOEXEC from birth, which tells the two apart.
func claim(fd int) int {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return -1
	}
	unix.CloseOnExec(fd)
	return fd
}

// closeStrays closes what the entrypoint had inherited itself, such as the end of a pipe whose reader waits for EOF.
func closeStrays() error {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("listing the inherited descriptors: %w", err)
	}
	for _, entry := range list {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd >= fdAfter && claim(fd) >= 0 {
			unix.Close(fd)
		}
	}
	return nil
}

// hide keeps the memory of this process from other processes of the same user, the job's among them.
func hide() error {
	// Executing /proc/self/exe leaves "exe" as the name that ps and top show. Before the prctl, after which the file is
	// root's; without the name all goes on.
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	// Both outlive an execve only in part: the limit does, the flag does not.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbidding core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hiding the memory: %w", err)
	}
	// A huge page is 2 MiB for a few bytes. Refused by some sandboxes, and then it costs memory and nothing else.
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
	return nil
}

// oneProcessor is said in the environment, because the runtime makes caches for each processor before any code of ours
// runs: a supervisor that sets it by itself keeps 0.5 MB more on two of them, and 1.1 MB on 32.
const oneProcessor = "GOMAXPROCS=1"

// environ is env for a program in the given place. What is ours comes first: of a variable that is there twice, as when
// somebody has set it in the pod, the first counts.
func environ(role string, o original, env []string) []string {
	return append([]string{place(role, o), oneProcessor}, env...)
}
