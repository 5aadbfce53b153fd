package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Log is the stderr of a container: a pipe, and what has come out of it.
type Log struct {
	w    *os.File // for the container; closed once it has it
	told chan []byte

	mu     sync.Mutex
	text   bytes.Buffer
	reader sync.Mutex // held while nobody reads
	fd     int
	closed chan struct{} // when every writer has closed its end
}

// filler is what fills a pipe, and what is taken out of the log again.
const filler = "chaos fills this pipe\n"

func newLog() (*Log, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil { // blocking, as a container's is
		return nil, err
	}
	l := &Log{w: os.NewFile(uintptr(fds[1]), "stderr"), fd: fds[0], closed: make(chan struct{})}
	go l.read()
	return l, nil
}

func (l *Log) read() {
	buffer := make([]byte, 64<<10)
	for {
		fds := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil {
			continue
		}
		l.reader.Lock()
		n, err := unix.Read(l.fd, buffer)
		if n > 0 {
			l.mu.Lock()
			l.text.Write(buffer[:n])
			l.mu.Unlock()
		}
		over := err != unix.EINTR && n <= 0
		if over {
			unix.Close(l.fd)
			close(l.closed)
		}
		l.reader.Unlock()
		if over {
			return
		}
	}
}

// stop keeps the log from being read, and fills its pipe, until the returned function is called. Nothing happens to the log of
// a container that has ended.
func (l *Log) stop() (resume func() error, err error) {
	l.reader.Lock()
	resume = func() error { l.reader.Unlock(); return nil }
	if l.drained(0) {
		return resume, nil
	}
	w, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", l.fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		l.reader.Unlock()
		return nil, fmt.Errorf("filling the log's pipe: %w", err)
	}
	for {
		if _, err := unix.Write(w, []byte(filler)); err != nil {
			break
		}
	}
	unix.Close(w)
	return resume, nil
}

// String is what came out so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.ReplaceAll(l.text.String(), filler, "")
}

// drained waits until everybody has closed the pipe.
func (l *Log) drained(within time.Duration) bool {
	select {
	case <-l.closed:
		return true
	case <-time.After(within):
	}
	select { // with both of them so, either may have been taken
	case <-l.closed:
		return true
	default:
		return false
	}
}

// leak finds a secret in a text, and says which kind it is.
func leak(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= 12 && strings.Contains(text, s) {
			return fmt.Sprintf("a secret of %d characters", len(s))
		}
	}
	return ""
}

// causes are what the log has to say of a fault that the refresher has met: one of the words.
var causes = map[string][]string{
	"throttle":            {"Throttling"},
	"internal-failure":    {"InternalFailure"},
	"service-unavailable": {"ServiceUnavailable"},
	"reset":               {"connection reset"},
	"hang":                {"no answer", "deadline"},
	"truncate":            {"ended too early"},
	"truncate-chunked":    {"ended too early"},
	"wrong-xml":           {"not one of STS"},
	"huge":                {"not one of STS"},
	"access-denied":       {"AccessDenied"},
	"expired-token":       {"ExpiredToken"},
	"past-expiration":     {"ended"},
	"down":                {"connection refused", "connection reset"},
	"token-gone":          {"token file"},
	"token-garbage":       {"token"},
	"token-expired":       {"ExpiredToken", "expired"},
	hungToken:             {"does not answer"},
	"full":                {"no space left"},
	"read-only":           {"read-only file system"},
	"worker died":         {"worker"},
	"supervisor died":     {"supervisor"},
}

// silent reports that a log has nothing about a cause.
func silent(text, cause string) bool {
	for _, word := range causes[cause] {
		if strings.Contains(text, word) {
			return false
		}
	}
	return len(causes[cause]) > 0
}

// judgeLog checks that a log has no secret.
func (r *Run) judgeLog(who, text string, p *Pod) {
	secrets := append(r.secrets(), p.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"))
	if found := leak(text, secrets...); found != "" {
		r.judge.fail("a leak", "%s logs %s", who, found)
	}
}

func tail(text string, lines int) string {
	list := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "            " + strings.Join(list[max(0, len(list)-lines):], "\n            ")
}
