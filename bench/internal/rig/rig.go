// Package rig is what the benchmarks share: how they run, where they work, what they build and how they compare.
package rig

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Main runs a benchmark with the flags that define defines and check accepts. It returns the exit code: 1 when something
// could not be run, 2 for wrong flags. Aims are no limits.
func Main(name string, args []string, stdout, stderr io.Writer, define func(*flag.FlagSet), check func() error, bench func(context.Context, io.Writer) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	define(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	err := check()
	if flags.NArg() > 0 {
		err = fmt.Errorf("argument %q: there are only flags", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 2
	}
	// Nothing is printed before the end, so that no closed pipe (`| head`) kills a run that has directories to remove.
	var out bytes.Buffer
	err = bench(ctx, &out)
	if _, writeErr := out.WriteTo(stdout); err == nil {
		err = writeErr
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// Rounds does everything once a round, so that all share a round's noise, in an order that is new each time, from a fixed
// seed, so that none always follows the same other. The first rounds, warmUp of them, do not count. The garbage of this
// process is collected between them, and not while something is timed.
func Rounds(ctx context.Context, warmUp, rounds int, all []func(counts bool) error) error {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	random := rand.New(rand.NewPCG(1, 2))
	for round := range warmUp + rounds {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		runtime.GC()
		for _, one := range all {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in round %d", round+1)
			}
			if err := one(round >= warmUp); err != nil {
				return err
			}
		}
	}
	return nil
}

// A Place is a directory to make home directories in: on tmpfs or on disk, where writing a file may wait for it.
type Place struct{ Name, Dir string }

// Home makes a home directory in p.
func (p Place) Home() (string, error) { return os.MkdirTemp(p.Dir, "home-") }

// Workspace makes directories for a run: one for programs (/dev/shm may be mounted noexec), and the places for homes, disk
// being where files are on one. The notes say what the places are, or why there is none.
func Workspace(disk string) (programs string, places []Place, notes []string, remove func() error, err error) {
	const shm = "/dev/shm" // where Linux has a tmpfs by default
	var made []string
	remove = func() error {
		var errs []error
		for _, dir := range made {
			errs = append(errs, os.RemoveAll(dir))
		}
		return errors.Join(errs...)
	}
	for _, place := range []struct{ name, parent, want string }{{"", "", ""}, {"tmpfs", shm, "tmpfs"}, {"disk", disk, ""}} {
		fs := filesystem(place.parent)
		if place.name != "" && (fs == "tmpfs") != (place.want == "tmpfs") {
			notes = append(notes, fmt.Sprintf("HOME on %s: not measured, %s is %s", place.name, place.parent, fs))
			continue
		}
		dir, err := os.MkdirTemp(place.parent, "rolechain-bench-")
		if err != nil {
			return "", nil, nil, remove, errors.Join(err, remove())
		}
		made = append(made, dir)
		if place.name != "" {
			places = append(places, Place{place.name, dir})
			notes = append(notes, fmt.Sprintf("HOME on %s is in %s (%s)", place.name, place.parent, fs))
		}
	}
	if len(places) == 0 {
		return "", nil, nil, remove, errors.Join(errors.New("there is neither a tmpfs nor a disk"), remove())
	}
	return made[0], places, notes, remove, nil
}

// filesystem names the type of the file system at dir, as far as it matters here: the number of any other.
func filesystem(dir string) string {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return err.Error()
	}
	names := map[int64]string{unix.TMPFS_MAGIC: "tmpfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay"}
	if name, ok := names[int64(st.Type)]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", st.Type)
}

// Build makes packages of this module, each into its file, with the flags of the released programs and more.
func Build(packages map[string]string, more ...string) error {
	for file, pkg := range packages {
		cmd := exec.Command("go", slices.Concat([]string{"build", "-trimpath", "-o", file}, more, []string{pkg})...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
		}
		if err := settle(file); err != nil {
			return err
		}
	}
	return nil
}

// Install makes file a program with the bytes of image.
func Install(file string, image []byte) error {
	if err := os.WriteFile(file, image, 0o755); err != nil {
		return err
	}
	return settle(file)
}

// settle lets the kernel read file from the disk at its next use, as in a container. A file that the linker has just written
// lies in the page cache in smaller pieces, and of two equal files the one that had been there for longer took 8 % less time.
func settle(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // dirty pages are not dropped
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
