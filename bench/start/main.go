// Start measures what an ENTRYPOINT costs: the time from its spawn to the first instructions of the original entrypoint.
//
//	go run ./bench/start [-rounds N] [-cpu N] [-disk DIR] [-also NAME=FILE]...
//	go run ./bench/start -profile
//
// It needs Linux on amd64 or arm64, and Go. bash and tini are measured when they are on PATH.
//
// A time in microseconds says more of the machine and the hour than of a program, so the figures are ratios in one run:
// every round starts everything once, in a new order, and what is printed is the median of the rounds' own ratios with
// their 10th and 90th percentile. The floor is a Go program that executes its argument and does nothing else; the spawn
// and its exec are in every time. A second copy of the floor shows how far a small difference can be trusted.
//
// rolechain's aims stand in the header. They are no limits: the exit code is 0 whenever everything could be run.
//
// -also measures another binary of cmd/entrypoint in the same rounds, which is the way to see what a change is worth.
// -profile shows where rolechain's time goes, beside the floor's: package initialisation, system calls (when strace is on
// PATH), page faults and threads' waits.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/places"
	"rolechain/bench/internal/spawn"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // something could not be run
	exitUsage  = 2
)

type options struct {
	rounds  int
	cpu     int    // to run everything on; -1 for any
	disk    string // a directory that is not on tmpfs
	profile bool
	also    []candidate
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	// Nothing is printed before the end, so that no closed pipe (`| head`) kills a run that has directories to remove.
	var out bytes.Buffer
	err = bench(ctx, o, &out)
	if _, writeErr := out.WriteTo(stdout); err == nil {
		err = writeErr
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench/start: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// parse has already said on stderr what is wrong when it returns an error.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench/start", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.rounds, "rounds", 400, "`number` of rounds, each with one start of everything")
	flags.IntVar(&o.cpu, "cpu", -1, "run everything on this CPU `number` alone; -1 for any")
	flags.StringVar(&o.disk, "disk", os.TempDir(), "`directory` for a HOME on disk")
	flags.BoolVar(&o.profile, "profile", false, "show where rolechain's start spends its time instead")
	flags.Func("also", "measure another build of the entrypoint too, given as `NAME=FILE`; may be repeated", func(value string) error {
		name, path, found := strings.Cut(value, "=")
		if !found || name == "" || path == "" {
			return errors.New("is not NAME=FILE")
		}
		path, err := filepath.Abs(path)
		o.also = append(o.also, candidate{name, path})
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("argument %q: there are only flags", flags.Arg(0))
	case o.rounds < 1:
		err = fmt.Errorf("-rounds %d: at least 1", o.rounds)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench/start: %v\n", err)
	}
	return o, err
}

func bench(ctx context.Context, o options, out io.Writer) (err error) {
	runtime.LockOSThread() // what this thread may do, its children may
	defer runtime.UnlockOSThread()
	if o.cpu >= 0 {
		var set unix.CPUSet
		set.Set(o.cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("-cpu %d: %w", o.cpu, err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // measure collects between the rounds

	var w places.Workspace
	defer func() { err = errors.Join(err, w.Remove()) }()
	dir, err := w.Dir("") // for the programs: /dev/shm may be mounted noexec
	if err != nil {
		return err
	}
	p, err := build(dir)
	if err != nil {
		return err
	}
	where, notes := places.Find(o.disk)
	for i, place := range where {
		notes = append(notes, fmt.Sprintf("HOME on %s is in %s (%s)", place.Name, place.Dir, place.FS))
		if where[i].Dir, err = w.Dir(place.Dir); err != nil {
			return err
		}
	}
	list, err := assemble(dir, p, where, o.also)
	if err != nil {
		return err
	}
	s, err := spawn.New()
	if err != nil {
		return err
	}
	defer s.Close()
	if o.profile {
		return profile(ctx, s, list, dir, out)
	}
	if err := measure(ctx, s, list, o.rounds); err != nil {
		return err
	}
	fmt.Fprintf(out, "from the spawn to the original's first instructions, %d rounds, %s/%s, %d CPUs\n", o.rounds, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprint(out, "median of the rounds' own ratios (10th-90th percentile); the floor's ratio to the script is to its first row\n\n")
	if err := table(out, list); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, note := range append(notes, onFsync) {
		fmt.Fprintln(out, note)
	}
	return nil
}

// onFsync is what a reader of the rows on disk has to know.
const onFsync = "on disk, rolechain's first start waits for fsync, so that no crash leaves half a file; the script does not"
