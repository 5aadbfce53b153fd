package suitetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rolechain/internal/podtest"
)

// A Conductor runs what was chosen and reports whether everything was as expected.
type Conductor func(ctx context.Context, out io.Writer) (ok bool, err error)

// Main is a suite's main function: it does not return. The process is a part when its first argument is partArgument;
// otherwise it is the suite, and choose gives what to run, or nil and an exit code. The suite ends with 0 when everything
// was as expected, 1 when something was not or could not be run, 2 for wrong usage.
func Main(name, partArgument string, part func(ctx context.Context, order string) error, choose func(args []string, stderr io.Writer) (Conductor, int)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == partArgument {
		if err := part(ctx, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	conduct, code := choose(os.Args[1:], os.Stderr)
	if conduct == nil {
		os.Exit(code)
	}
	ok, err := conduct(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
	os.Exit(0)
}

// Root is the repository's root, in which a suite has to be called: it has the suite's folder.
func Root(folder string) (root string, err error) {
	if root, err = os.Getwd(); err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
		return "", fmt.Errorf("call it from the repository's root: %w", err)
	}
	return root, nil
}

// Authority makes a certificate authority for names in a temporary directory, which remove deletes. It refuses to work
// without root, which the namespaces of Spawn need.
func Authority(names []string) (dir string, remove func(), err error) {
	if os.Geteuid() != 0 {
		return "", nil, errors.New("the suite needs root, for namespaces of its own")
	}
	if dir, err = os.MkdirTemp("", "authority-"); err != nil {
		return "", nil, err
	}
	if err := podtest.MakeAuthority(dir, names); err != nil {
		os.RemoveAll(dir)
		return "", nil, err
	}
	return dir, func() { os.RemoveAll(dir) }, nil
}

// Spawn runs this program as a part with an order, which it gets as JSON, in namespaces of its own: the part's end ends all
// that ran in it. line gets each line of its stdout. said is what it wrote to stderr.
func Spawn(ctx context.Context, partArgument string, order any, line func([]byte) error) (said string, err error) {
	data, err := json.Marshal(order)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", partArgument, string(data))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: podtest.Namespaces, Pdeathsig: syscall.SIGKILL}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", fmt.Errorf("starting a part of the suite, which needs root: %w", err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	var unread error
	for lines.Scan() && unread == nil {
		if err := line(lines.Bytes()); err != nil {
			unread = fmt.Errorf("reading what a part of the suite says: %w", err)
			_ = cmd.Process.Kill()
		}
	}
	ended := cmd.Wait()
	said = strings.TrimSpace(stderr.String())
	switch {
	case unread != nil:
		return said, unread
	case ended != nil:
		return said, fmt.Errorf("%w: %s", ended, said)
	}
	return said, nil
}

// Close prints the last lines of a suite, which count its parts, and reports whether none failed.
func Close(out io.Writer, began time.Time, passed, failed, skipped int) bool {
	fmt.Fprintf(out, "\nin %d s\n%d passed, %d failed, %d skipped\n", int(time.Since(began).Seconds()), passed, failed, skipped)
	return failed == 0
}
