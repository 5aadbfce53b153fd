package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
	"rolechain/internal/jobconf"
	"rolechain/internal/report"
	"rolechain/internal/submission"
)

// readJob reads the settings of a job that exists, and says what it has read and what it has not understood.
func readJob(flag, file string, log *slog.Logger) (*jobconf.Conf, error) {
	name, path := file, file
	if file == "-" {
		name, path = "standard input", "/dev/stdin"
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, exit.Because(exit.BadSetting, fmt.Errorf("%s: %w", flag, err), "")
	}
	c, err := jobconf.Read(name, data)
	if err != nil {
		return nil, exit.Because(exit.BadSetting, fmt.Errorf("%s: %s: %w", flag, name, err), "")
	}
	log.Info(flag + ": " + c.Summary())
	for _, u := range c.Unread {
		report.Warning(log, fmt.Sprintf("%s: %s: not understood: %s", flag, u.Where, u.Text), u.Hint)
	}
	return c, nil
}

// say reports findings: what fails and what may fail as warnings.
func say(log *slog.Logger, findings []submission.Finding) {
	for _, f := range findings {
		if f.Weight == submission.Remark {
			log.Info(f.Text, report.HintKey, f.Hint)
		} else {
			report.Warning(log, f.Text, f.Hint)
		}
	}
}

// merging puts the role chain into a job that exists.
type merging struct {
	file          string
	diff, inPlace bool
}

func (m merging) run(r submission.Request, log *slog.Logger, stdout io.Writer) error {
	c, err := readJob("-merge", m.file, log)
	if err != nil {
		return err
	}
	change, findings, err := submission.Merge(r, c)
	say(log, findings)
	if err != nil {
		return err
	}
	after, err := c.Apply(change)
	if err != nil {
		return err
	}
	switch before := c.Data(); {
	case m.diff:
		d := diff.Diff(c.File, before, c.File, after)
		_, d, _ = bytes.Cut(d, []byte("\n")) // "diff OLD NEW" says nothing that the next two lines do not
		_, err = stdout.Write(d)
	case m.inPlace && bytes.Equal(before, after):
	case m.inPlace:
		err = replaceFile(m.file, after)
	default:
		_, err = stdout.Write(after)
	}
	return err
}

// replaceFile writes the content of a file anew, with its mode and, if this user may, its owner. At no time is there half a file. One
// that this user may not write stays as it is.
func replaceFile(path string, data []byte) error {
	fail := func(err error) error {
		return exit.Because(exit.NoFiles, fmt.Errorf("-in-place: %w", err), "the job is as it was")
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fail(err)
	}
	old, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0) // a FIFO has no reader
	if err != nil {
		return fail(err)
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return fail(err)
	}
	if !info.Mode().IsRegular() {
		return fail(fmt.Errorf("%s is not a regular file", path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".rolechain-")
	if err != nil {
		return fail(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fail(err)
	}
	return nil
}
