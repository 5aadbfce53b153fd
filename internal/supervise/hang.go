package supervise

import (
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
)

// When a worker counts as hanging: it is stopped, or nobody took a connection out of the backlog, at so many looks in a row.
const (
	lookEvery   = time.Second            // while all is well
	lookCloser  = 100 * time.Millisecond // at one that may hang
	looks       = 20                     // 2 s; SDKs give an endpoint 1 s (JavaScript) or 2 s (botocore)
	looksBefore = 100                    // of one that is not ready yet: 10 s
)

// A worker is the process of that place, as its supervisor sees it.
type worker struct {
	pid, talk int
	ready     bool

	queue  uint32 // connections in the backlog at the last look
	waited int    // looks in a row at which it may have hung
}

// interval returns in how long to look again.
func (w *worker) interval() time.Duration {
	if w.waited > 0 {
		return lookCloser
	}
	return lookEvery
}

// hangs looks at the worker, and reports whether it hangs. A backlog alone is no sign: under load there is one at any
// moment, but then somebody takes from it, and it shrinks now and then. Where the kernel does not tell its length, as in
// some sandboxes, it counts as empty.
func (w *worker) hangs(socket int) bool {
	var queue uint32
	if info, err := unix.GetsockoptTCPInfo(socket, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
		queue = info.Unacked // of a listening socket: sk_ack_backlog (tcp_get_info in Linux's net/ipv4/tcp.c)
	}
	if queue > 0 && queue >= w.queue || w.stopped() {
		w.waited++
	} else {
		w.waited = 0
	}
	w.queue = queue
	return w.waited >= looksBefore || w.ready && w.waited >= looks
}

// stopped reports whether the worker was stopped by a signal and not continued. It leaves its exit status alone.
func (w *worker) stopped() bool {
	const childStopped = 5 // CLD_STOPPED of sigaction(2)
	var info unix.Siginfo
	err := eintr.Retry(func() error {
		return unix.Waitid(unix.P_PID, w.pid, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil)
	})
	return err == nil && info.Signo == int32(unix.SIGCHLD) && info.Code == childStopped
}
