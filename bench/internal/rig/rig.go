// Package rig is what the benchmarks share: how they run, where they work, what they build and how they compare.
package rig

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Roles of two accounts, for pods to chain.
const (
	ClientRole = "arn:aws:iam::111122223333:role/client"
	JobRole    = "arn:aws:iam::444455556666:role/job-execution"
)

// A Benchmark works in a workspace and prints what it finds.
type Benchmark func(context.Context, *Workspace, io.Writer) error

// Main runs a benchmark whose flags are defined. It fails when something could not be run. Aims are no limits.
func Main(bench Benchmark) {
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("argument %q: there are only flags", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Nothing is printed before the end, so that no closed pipe (`| head`) kills a run that has directories to remove.
	var out bytes.Buffer
	err := Run(ctx, bench, &out)
	stop()
	_, writeErr := out.WriteTo(os.Stdout)
	if err = cmp.Or(err, writeErr); err != nil {
		log.Fatal(err)
	}
}

// Run gives bench a workspace while it runs.
func Run(ctx context.Context, bench Benchmark, out io.Writer) (err error) {
	w, err := newWorkspace()
	defer func() { err = errors.Join(err, w.remove()) }()
	if err == nil {
		err = bench(ctx, w, out)
	}
	if err == nil {
		_, err = fmt.Fprintln(out, "\n"+strings.Join(w.notes, "\n"))
	}
	return err
}

// Rounds does everything once a round, so that all share a round's noise, in an order that is new each time, from a fixed
// seed, so that none always follows the same other. The first rounds, warmUp of them, do not count. The garbage of this
// process is collected between rounds, and not while something is timed.
func Rounds(ctx context.Context, warmUp, rounds int, all []func(counts bool) error) error {
	if rounds < 1 {
		return fmt.Errorf("%d rounds: at least 1", rounds)
	}
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

// A Workspace is the directories of a run, and the spawner of its starts.
type Workspace struct {
	*Spawner
	Dir    string // for programs; /dev/shm may be mounted noexec
	Places []Place
	notes  []string // what the places are, or why there is none
}

// newWorkspace makes directories in /dev/shm, where Linux has a tmpfs by default, and where temporary files are. In case of
// an error, too, there may be something to remove.
func newWorkspace() (w *Workspace, err error) {
	w = &Workspace{}
	for _, p := range []Place{{"tmpfs", "/dev/shm"}, {"disk", os.TempDir()}} {
		fs := filesystem(p.Dir)
		if (fs == "tmpfs") != (p.Name == "tmpfs") {
			w.notes = append(w.notes, fmt.Sprintf("HOME on %s: not measured, %s is %s", p.Name, p.Dir, fs))
			continue
		}
		dir, err := os.MkdirTemp(p.Dir, "rolechain-bench-")
		if err != nil {
			return w, err
		}
		w.Places = append(w.Places, Place{p.Name, dir})
		w.notes = append(w.notes, fmt.Sprintf("HOME on %s is in %s (%s)", p.Name, p.Dir, fs))
	}
	if len(w.Places) == 0 {
		return w, errors.New("there is neither a tmpfs nor a disk")
	}
	if w.Dir, err = os.MkdirTemp("", "rolechain-bench-"); err == nil {
		w.Spawner, err = NewSpawner(w.Dir)
	}
	return w, err
}

func (w *Workspace) remove() error {
	errs := []error{os.RemoveAll(w.Dir)}
	for _, p := range w.Places {
		errs = append(errs, os.RemoveAll(p.Dir))
	}
	return errors.Join(errs...)
}

// PodEnv is the environment of a pod, and more.
func PodEnv(home, original string, more ...string) []string {
	return append([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home,
		"HOSTNAME=spark-pi-driver",
		"KUBERNETES_SERVICE_HOST=10.100.0.1",
		"KUBERNETES_SERVICE_PORT=443",
		"SPARK_HOME=/usr/lib/spark",
		"AWS_REGION=us-east-1",
		"ROLE_CHAIN_ENTRYPOINT=" + original,
	}, more...)
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

// Build makes packages of this module, each into its file, with the flags of the released programs.
func Build(packages map[string]string) error {
	for file, pkg := range packages {
		cmd := exec.Command("go", "build", "-trimpath", "-o", file, pkg)
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

// Copy makes file a program like another one.
func Copy(file, from string) error {
	image, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return Install(file, image)
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
