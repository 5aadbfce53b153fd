package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Arguments by which this program is another one.
const (
	launchArgument = "launch" // becomes a container: joins groups, sets limits and the user, executes
	jobArgument    = "job"    // the original entrypoint: tells its environment and waits
)

// launchEnv has a Launch, as JSON.
const launchEnv = "CHAOS_LAUNCH"

// A Launch says what a container runtime does before it executes the entrypoint.
type Launch struct {
	User    int
	Groups  []string       // files to write the process id to
	Limits  map[int]uint64 // resource to soft and hard limit
	NoProc  bool           // nothing is mounted at /proc
	NoNull  bool           // there is no /dev/null
	EnvSize int            // bytes of environment to add
	Env     []string
	Args    []string
}

// launch does it. It returns only an error.
func launch() error {
	runtime.LockOSThread()
	var l Launch
	if err := json.Unmarshal([]byte(os.Getenv(launchEnv)), &l); err != nil {
		return fmt.Errorf("launching: %w", err)
	}
	for _, file := range l.Groups {
		if err := os.WriteFile(file, fmt.Appendf(nil, "%d", os.Getpid()), 0); err != nil {
			return fmt.Errorf("joining a group: %w", err)
		}
	}
	for there, target := range map[string]bool{"/proc": l.NoProc, "/dev": l.NoNull} {
		if !target {
			continue
		}
		if err := unix.Mount("none", there, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("hiding %s: %w", there, err)
		}
	}
	env := l.Env
	for n := 0; n < l.EnvSize; {
		v := fmt.Sprintf("FILLER_%d=%s", len(env), strings.Repeat("x", min(100_000, l.EnvSize-n)))
		env = append(env, v)
		n += len(v) + 9
	}
	signal.Reset()
	if err := unix.Setgroups(nil); err != nil {
		return err
	}
	if err := unix.Setgid(1000); err != nil {
		return err
	}
	if err := unix.Setuid(l.User); err != nil {
		return err
	}
	for resource, n := range l.Limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("setting limit %d: %w", resource, err)
		}
	}
	return fmt.Errorf("executing %s: %w", l.Args[0], unix.Exec(l.Args[0], l.Args, env))
}

// job is what runs behind the entrypoint. It ends when its stdin does, or by a signal.
func job() {
	line, _ := json.Marshal(os.Environ()) // strings always marshal
	os.Stdout.Write(append(line, '\n'))
	os.Stdout.Close()
	os.Stdin.Read(make([]byte, 1))
}
