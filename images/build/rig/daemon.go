// Package rig runs what it takes to build and to run images on a machine that has neither set up: BuildKit, a Docker
// engine, and emulation of the other architecture. Each has its own data and its own socket, and nothing of it is left
// when it is stopped.
package rig

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// startsWithin and stopsWithin are when a daemon counts as hanging; each takes a second or two.
	startsWithin = 2 * time.Minute
	stopsWithin  = time.Minute
)

// A daemon is a server process that says when it is ready, as systemd wants it.
type daemon struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; to be read after ended
	log   string
}

// startDaemon returns when the daemon is ready. What it says goes to the file log; run is a directory for its sockets.
func startDaemon(run, log, name string, args ...string) (*daemon, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	notify := filepath.Join(run, filepath.Base(name)+".notify")
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	d := &daemon{name: filepath.Base(name), cmd: exec.Command(name, args...), ended: make(chan struct{}), log: log}
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error, 1)
	go func() {
		// Pdeathsig is about the thread that started the process, so this one lives as long as it does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := d.cmd.Start()
		started <- err
		if err == nil {
			d.err = d.cmd.Wait()
			close(d.ended)
			ready.Close() // awaitReady need not wait any longer
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := awaitReady(ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%s has not become ready: %w; its log: %s", d.name, err, tail(log)), d.stop())
	}
	return d, nil
}

func awaitReady(socket *net.UnixConn) error {
	if err := socket.SetReadDeadline(time.Now().Add(startsWithin)); err != nil {
		return err
	}
	for message := make([]byte, 4096); ; {
		n, err := socket.Read(message)
		if err != nil {
			return err
		}
		if strings.Contains(string(message[:n]), "READY=1") {
			return nil
		}
	}
}

// stop ends the daemon. It fails when the daemon had to be killed.
func (d *daemon) stop() error {
	if d == nil {
		return nil
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended
	select {
	case <-d.ended:
		return nil
	case <-time.After(stopsWithin):
		_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.ended
		return fmt.Errorf("%s had to be killed after %v; its log: %s", d.name, stopsWithin, tail(d.log))
	}
}

// tail is the end of a log file.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return "\n" + string(data[max(0, len(data)-4000):])
}

// removeAll removes a daemon's data, and unmounts what the daemon has left mounted there.
func removeAll(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(mounts)), "\n")
	for i := len(lines) - 1; i >= 0; i-- { // what is mounted on a mount comes later
		if fields := strings.Fields(lines[i]); strings.HasPrefix(fields[4], dir+"/") {
			if err := syscall.Unmount(fields[4], syscall.MNT_DETACH); err != nil {
				return fmt.Errorf("unmounting %s: %w", fields[4], err)
			}
		}
	}
	return os.RemoveAll(dir)
}
