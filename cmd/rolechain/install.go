package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// installed are the files of rolechain's own directory that install copies.
var installed = []struct {
	name     string
	mode     os.FileMode
	optional bool
}{
	{"rolechain", 0o755, false},
	{"rolechain-hadoop.jar", 0o644, true}, // an image for jobs without buckets of their own may have none
	{"entrypoint", 0o755, false},          // the last: where it is, the others are too
}

// install copies both programs and the jar into a directory, which is a volume that the job's container mounts. It can be
// repeated, and be done by two at once.
func install(args []string, _ settings.Environment, stdout, _ io.Writer) error {
	flags := newFlags("install")
	if err := parse(flags, args); err != nil {
		return err
	}
	if args = flags.Args(); len(args) != 1 || args[0] == "" {
		return misused("install", fmt.Errorf("takes one directory, not %q", args))
	}
	own, err := os.Executable()
	if err != nil {
		return exit.Because(exit.System, err, "")
	}
	return installInto(args[0], filepath.Dir(own), stdout)
}

// installInto copies the files from the directory own to the directory dir, which is made if need be.
func installInto(dir, own string, stdout io.Writer) error {
	files := make([]*os.File, len(installed)) // nil for one that there is not
	for i, file := range installed {
		f, err := os.Open(filepath.Join(own, file.name))
		if errors.Is(err, os.ErrNotExist) && file.optional {
			continue
		}
		if err != nil {
			return exit.Because(exit.BadSetting, fmt.Errorf("what is to be installed: %w", err), "both programs must be in one directory, readable for the container's user")
		}
		defer f.Close()
		files[i] = f
	}
	if err := prepareVolume(dir); err != nil {
		return notInstalled(err)
	}
	var said []string
	for i, file := range installed {
		if files[i] == nil {
			said = append(said, "no "+file.name+" (there is none beside rolechain)")
			continue
		}
		changed, err := durable.Copy(filepath.Join(dir, file.name), files[i], file.mode)
		switch {
		case err != nil:
			return notInstalled(err)
		case changed:
			said = append(said, file.name)
		default:
			said = append(said, file.name+" (there already)")
		}
	}
	_, err := fmt.Fprintf(stdout, "installed in %s: %s\n", dir, strings.Join(said, ", "))
	return err
}

// prepareVolume makes dir if need be, and removes what a killed install has left there.
func prepareVolume(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory: %w", err)
	}
	if err := executes(dir); err != nil {
		return err
	}
	return durable.Sweep(filepath.Join(dir, "entrypoint"))
}

// executes returns an error for a directory whose file system executes nothing: the job's container would find out.
func executes(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if fs.Flags&unix.ST_NOEXEC != 0 {
		return fmt.Errorf("%q is mounted with noexec: nothing in it can be executed", dir)
	}
	return nil
}

func notInstalled(err error) error {
	hint := "install needs a volume, such as an emptyDir, that the container's user can write"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		hint = "the volume is full: it takes some 30 MB"
	}
	return exit.Because(exit.NoFiles, err, hint)
}
