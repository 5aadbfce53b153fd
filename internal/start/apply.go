package start

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
)

// Apply does what the plan says with files. After an error the files that it had not come to are as they were; when the
// error satisfies durable.IsUnwritable, another place may do (Found.Avoid).
func Apply(p Plan, log *slog.Logger) error {
	if len(p.Kept) == 0 {
		return nil
	}
	for i, path := range p.Kept {
		if i > 0 && filepath.Dir(path) == filepath.Dir(p.Kept[i-1]) {
			continue
		}
		if err := durable.Sweep(path); err != nil {
			log.Debug("temp files of an earlier start may be left", "error", err)
		}
	}
	if p.Refresher != nil && p.Refresher.Private != "" {
		if err := makePrivate(p.Refresher.Private); err != nil {
			return err
		}
	}
	for _, f := range p.Files {
		if f.Private {
			if err := makePrivate(filepath.Dir(f.Path)); err != nil {
				return err
			}
		}
		data := f.After
		if f.ByRefresher {
			if data = f.Seed; data == nil {
				continue
			}
		}
		write := durable.Write
		if f.Own && !f.ByRefresher {
			write = durable.WriteOwn
		}
		if err := write(f.Path, data); err != nil {
			return NotWritten(err)
		}
		log.Debug("written", "file", f.Path, "bytes", len(data))
	}
	log.Info("role chain: "+p.Summary, "config", p.Kept[0])
	return nil
}

func makePrivate(dir string) error {
	if err := durable.MakePrivateDir(dir); err != nil {
		return exit.Because(exit.NoFiles, err, nowhere)
	}
	return nil
}

// NotWritten gives an error of package durable its exit code, and what to do.
func NotWritten(err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		hint = "the file system is full; the file is as it was"
	case durable.IsUnwritable(err):
		hint = nowhere
	}
	return exit.Because(exit.NoFiles, err, hint)
}

const nowhere = "neither the home directory nor the temp dir can be written: mount an emptyDir on one of them, or set HOME or TMPDIR"

// Execve is the system call execve(2), which returns only when it fails: syscall.Exec.
type Execve func(path string, argv, env []string) error

// Run replaces this process by the original entrypoint with the plan's environment. Descriptors, working directory and
// process id stay; the error says why the process is still this one.
func (p Plan) Run(execve Execve, env []string) error {
	changed := p.Environment(env)
	err := execve(p.Exec.Path, p.Exec.Argv, changed)
	if errors.Is(err, syscall.E2BIG) && p.Mark != "" {
		// Without the mark a start without roles has room wherever the image alone has.
		p.Mark = ""
		changed = p.Environment(env)
		err = execve(p.Exec.Path, p.Exec.Argv, changed)
	}
	if err == nil {
		return nil
	}
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOENT):
		hint = "the file is there, so its interpreter (the #! line, or the dynamic loader) is not"
	case errors.Is(err, syscall.ENOEXEC):
		hint = "a script needs a #! line, a binary must be for this architecture"
	case errors.Is(err, syscall.E2BIG):
		hint = fmt.Sprintf("its arguments and environment have %d bytes, %d of the latter by rolechain: the kernel takes a quarter of the stack's limit (ulimit -s), and 128 KiB for a single one. Make the environment smaller, or move long values into files",
			size(p.Exec.Argv)+size(changed), size(changed)-size(env))
	}
	return exit.Because(exit.CannotExec, fmt.Errorf("executing the original entrypoint %q: %w", p.Exec.Path, err), hint)
}

// size is what the kernel counts of a list of strings, in bytes: each with its end and a pointer to it.
func size(list []string) (n int) {
	for _, s := range list {
		n += len(s) + 1 + 8
	}
	return n
}
