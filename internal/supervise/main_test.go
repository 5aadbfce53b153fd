package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/supervise"
)

// The test binary starts itself again as every process of the picture: programEnv says as which.
const (
	programEnv = "SUPERVISE_TEST_PROGRAM"
	beforeEnv  = "SUPERVISE_TEST_BEFORE" // what inherited returned before Spawn
	wayEnv     = "SUPERVISE_TEST_WAY"    // how the program behaves; empty for well
)

func init() {
	if os.Getenv(programEnv) != "" {
		runtime.LockOSThread() // the main goroutine to the main thread, for the one that ends it
	}
}

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(programEnv) {
	case "":
		// Orphans come here and are reaped here, so that a test can see that nothing is left.
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	case "entrypoint":
		err = entrypoint(os.Getenv(wayEnv))
	case "original":
		err = original(os.Getenv(wayEnv))
	case "refresher":
		err = refresher(os.Getenv(wayEnv))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// command is the refresher as an entrypoint starts it.
func command(way string) supervise.Command {
	return supervise.Command{
		Path:   "/proc/self/exe",
		Args:   []string{"refresher", "argument"},
		Env:    environ("refresher", way),
		Stderr: os.Stderr,
	}
}

// environ comes with a place and a number of processors that somebody has set, which must not count.
func environ(program, way string) []string {
	return append([]string{programEnv + "=" + program, wayEnv + "=" + way}, append(os.Environ(), "ROLECHAIN_SUPERVISE=worker 1 2", "GOMAXPROCS=3")...)
}

// entrypoint spawns the refresher, prints what it says, and becomes the original.
func entrypoint(way string) error {
	if strings.Contains(way, "refused") {
		if err := refusePidfdOpen(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := os.Setenv(beforeEnv, inherited()); err != nil {
		return err
	}
	before := time.Now()
	ready, err := supervise.Spawn(ctx, command(way))
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%v\n", ready, time.Since(before).Round(time.Millisecond/10))
	return syscall.Exec("/proc/self/exe", []string{"original"}, environ("original", way))
}

// original lives until its stdin is closed, and reaps nobody.
func original(way string) error {
	if before, after := os.Getenv(beforeEnv), inherited(); before != after {
		return fmt.Errorf("descriptors before: %s; after: %s", before, after)
	}
	fmt.Println("started")
	if strings.Contains(way, "leaderless") {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
		unix.Syscall(unix.SYS_EXIT, 0, 0, 0) // the main thread's end, not the process's
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// inherited lists the descriptors that are not close-on-exec.
func inherited() string {
	var list []string
	for fd := range 1000 {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			list = append(list, fmt.Sprint(fd, " ", target))
		}
	}
	return strings.Join(list, ", ")
}

// refusePidfdOpen does what a seccomp profile from before Linux 5.3 does.
func refusePidfdOpen() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.SYS_PIDFD_OPEN},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(unix.EPERM)}, // SECCOMP_RET_ERRNO
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000},                      // SECCOMP_RET_ALLOW
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const setModeFilter, tsync = 1, 1 // for all threads
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, tsync, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err != unix.EPERM {
		return fmt.Errorf("pidfd_open is not refused: %d, %v", fd, err)
	}
	return nil
}

// talk is where a supervisor finds the pipe to Spawn.
const talk = 4

func say(line string) { unix.Write(talk, []byte(line+"\n")) }

// hang waits to be killed, with a timer: the runtime would end a select{} alone as a deadlock.
func hang() { time.Sleep(time.Hour) }

// refresher is what an entrypoint spawns. As a worker it answers each connection with its process id and the state.
func refresher(way string) error {
	switch way {
	case "exits":
		os.Exit(5)
	case "garbage":
		say("secret, and no JSON")
		hang()
	case "empty":
		say("{}")
		hang()
	case "both":
		say(`{"ready":1,"error":{"code":77,"message":"no"}}`)
		hang()
	case "huge":
		say(`{"ready":"` + strings.Repeat("x", 10*supervise.MaxLine) + `"}`)
		hang()
	case "half":
		unix.Write(talk, []byte(`{"ready":`))
		os.Exit(0)
	case "quiet":
		unix.Close(talk)
		hang()
	}
	if way == "open" && strings.HasPrefix(os.Getenv("ROLECHAIN_SUPERVISE"), "worker") {
		// What a process of the same user could see before the worker has closed itself to it: no descriptor but these, and
		// nothing on its way to it.
		fds := []unix.PollFd{{Fd: talk, Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, 200); n != 0 || err != nil {
			return fmt.Errorf("the supervisor has said something: %v %v", fds, err)
		}
		if list := inherited(); strings.Count(list, "socket:") != 1 || strings.Contains(list, "memfd") {
			return fmt.Errorf("it has %s", list)
		}
		if strings.Contains(strings.Join(os.Environ(), " "), "session-of-") {
			return errors.New("its environment has the state")
		}
	}
	supervisor, worker, err := supervise.Enter()
	if err != nil {
		return err
	}
	if n := runtime.GOMAXPROCS(0); n != 1 {
		return fmt.Errorf("it runs on %d processors", n)
	}
	if supervisor != nil {
		c := supervise.Config{Listen: supervise.Loopback, Log: slog.New(slog.NewTextHandler(&report.Now{FD: 2}, nil))}
		if way == "no socket" {
			c.Listen = func() (*os.File, error) { return nil, errors.New("no socket today") }
		}
		err := supervisor.Run(c)
		if err != nil {
			os.Exit(int(exit.CodeOf(err)))
		}
		return nil
	}
	switch way {
	case "fails":
		return worker.Fail(fmt.Errorf("second hop: %w", exit.Because(exit.Denied, errors.New("no\n\xffline"), "ask")))
	case "fails at length":
		return worker.Fail(errors.New(strings.Repeat("\x01", 100_000)))
	case "worker exits":
		os.Exit(3)
	case "mute":
		hang()
	}
	return serve(worker, way)
}

func serve(w *supervise.Worker, way string) error {
	state := w.State
	first := state == nil
	if first {
		state = fmt.Appendf(nil, "session-of-%d", os.Getpid())
		if way == "long" {
			state = append(state, bytes.Repeat([]byte("x"), supervise.MaxState-len(state))...)
		}
		if err := w.Save(append(state, 0)); err == nil && way == "long" {
			return w.Fail(errors.New("a state that is too long is taken"))
		}
		for range 100 { // the last one counts
			if err := w.Save(state); err != nil {
				return w.Fail(err)
			}
		}
	}
	listener, err := net.FileListener(w.Socket)
	if err != nil {
		return w.Fail(err)
	}
	w.Socket.Close()
	if way == "keeps" {
		if first == (w.Kept != nil) {
			return w.Fail(fmt.Errorf("kept: %v", w.Kept))
		}
		if first {
			for range 2 { // the second takes the place of the first
				r, end, err := os.Pipe()
				if err == nil {
					end.Close()
					err = w.Keep(r)
				}
				if err != nil {
					return w.Fail(err)
				}
			}
		}
	}
	hangs := first && (way == "hangs" || way == "is full")
	go func() {
		for !hangs {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(c, "%d %s\n", os.Getpid(), state)
			c.Close()
		}
	}()
	if way == "late" && !first {
		<-w.Orphaned()
	}
	if err := w.Ready(map[string]any{"address": listener.Addr().String(), "args": os.Args}); err != nil {
		return err
	}
	if strings.Contains(way, "deaf") {
		hang()
	}
	orphaned := w.Orphaned()
	for {
		select {
		case <-time.After(200 * time.Millisecond):
			if way == "is full" {
				w.Alive()
			}
		case <-w.Ended():
			return nil
		case <-orphaned:
			fmt.Fprintln(os.Stderr, "orphaned")
			orphaned = nil
		}
	}
}
