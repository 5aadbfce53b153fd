// Package supervise keeps a background process going for as long as another process, the original, lives, and no longer.
//
//	entrypoint ──Spawn──▶ supervisor ──▶ worker
//	    │ execve             │ holds the listening socket and the state (a memfd); restarts the worker
//	    ▼                    ▼
//	 original ◀──pidfd── both end when it ends
//
// The entrypoint calls Spawn and, when that returns, executes the original in its own process. The program that it
// spawned calls Enter, which says which of the two it is:
//
//   - The Supervisor does nothing but wait, in one poll(2). It owns what must outlive the worker, and starts the worker,
//     which is the same program with the same arguments, again whenever it dies.
//   - The Worker does the work. When the supervisor dies the worker becomes it, by executing itself with the same
//     descriptors, and starts a worker of its own.
//
// What is guaranteed, on Linux 5.3 and later with /proc mounted:
//
//   - Both end within a second of the original, also while that is a zombie that nobody reaps, and with or without a PID
//     namespace of their own. Where pidfd_open(2) is refused they look into /proc every 200 ms. Only a process stopped
//     by SIGSTOP is late: a stopped worker is killed by the supervisor, a stopped supervisor ends when it is continued.
//   - They are a session of their own, and of the original's descriptors they have stderr and nothing else.
//   - A connection to the socket is never refused while one of the two lives: it waits in the backlog.
//   - There is never more than one worker: the next is started after the last was reaped, and a worker that takes over is
//     no worker any more.
//   - SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGPIPE are ignored, because a job needs its credentials in its shutdown
//     hooks, and a log whose reader has gone is no reason to end. They end with the original, or by SIGKILL.
//   - Other processes of the same user cannot read their memory, descriptors or environment (PR_SET_DUMPABLE), and they
//     leave no core.
//
// What is not: a supervisor that is killed is a zombie until the original reaps it, because it is the original's child
// (PID 1 of a container becomes the parent of every orphan, so a second fork would change nothing there). Killing both
// at the same moment ends the service for good; the original does not notice.
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

	"rolechain/internal/eintr"
)

// Where a spawned program finds its descriptors. Each of these is there on purpose or is closed: syscall.ForkExec closes
// those that are -1 in its list.
const (
	fdOriginal = 3 + iota // pidfd of the original; not there where pidfd_open is refused
	fdState               // memfd; not there at a supervisor's first start
	fdSocket              // listening socket; not there at a supervisor's first start, or when none is asked for
	fdTalk                // supervisor: pipe to Spawn, until it is ready; worker: socket to the supervisor
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
// System calls: fcntl for each descriptor, getdents64 and close for the strays, rt_sigaction, prlimit64, prctl.
func Enter() (*Supervisor, *Worker, error) {
	role, o, err := parsePlace(os.Getenv(placeEnv))
	if err != nil {
		return nil, nil, err
	}
	os.Unsetenv(placeEnv)
	o.pidfd = claim(fdOriginal)
	state, socket, talk := claim(fdState), claim(fdSocket), claim(fdTalk)
	err = closeStrays()
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE)
	if err == nil {
		err = hide()
	}
	if err != nil {
		// Whoever waits for this process is told; of a worker that was started again nobody is.
		if line, encodeErr := failed(err).encode(); encodeErr == nil && talk >= 0 {
			_ = eintr.Retry(func() error { _, err := unix.Write(talk, line); return err })
		}
		return nil, nil, err
	}
	switch {
	case role == "supervisor":
		return &Supervisor{original: o, state: state, socket: socket, ready: talk}, nil, nil
	case role == "worker" && state >= 0 && talk >= 0:
		w := &Worker{State: &State{fd: state}, original: o, socket: socket, talk: talk,
			ended: make(chan struct{}), orphaned: make(chan struct{})}
		go w.watch()
		return nil, w, nil
	}
	return nil, nil, fmt.Errorf("started as %q without the descriptors for it", role)
}

func place(role string, o original) string {
	return fmt.Sprintf("%s=%s %d %d", placeEnv, role, o.pid, o.start)
}

func parsePlace(value string) (role string, o original, err error) {
	if value == "" {
		return "", o, ErrNotSpawned
	}
	fields := strings.Fields(value)
	if len(fields) == 3 {
		pid, err1 := strconv.Atoi(fields[1])
		start, err2 := strconv.ParseUint(fields[2], 10, 64)
		if err1 == nil && err2 == nil && pid > 0 {
			return fields[0], original{pid: pid, start: start}, nil
		}
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
