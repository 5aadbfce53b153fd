package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"rolechain/internal/buildtest"
)

// A World is what all schedules of a suite share.
type World struct {
	dir                         string // for homes and programs
	suite                       int    // names control groups
	self, entrypoint, rolechain string
	codes                       map[int]bool // the documented exit codes
	procs                       *Procs
	botocore                    *Botocore // nil: not installed
	lag                         *Lag

	users   atomic.Int64
	mu      sync.Mutex
	skipped map[string]int
}

// newWorld builds the programs. root is the module's.
func newWorld(suite int, root string) (*World, error) {
	dir, err := os.MkdirTemp("", "rolechain-chaos-")
	if err != nil {
		return nil, err
	}
	w := &World{dir: dir, suite: suite, procs: &Procs{own: map[int]bool{}}, lag: &Lag{}, skipped: map[string]int{}}
	programs := filepath.Join(dir, "programs")
	w.self, w.entrypoint, w.rolechain = filepath.Join(programs, "chaos"), filepath.Join(programs, "entrypoint"), filepath.Join(programs, "rolechain")
	if err := os.Chmod(dir, 0o755); err != nil {
		return w, err
	}
	// Built before the scanner runs, which would reap the compiler's processes.
	if err := buildtest.Programs(programs, "rolechain/e2e/chaos"); err != nil {
		return w, err
	}
	if w.codes, err = documented(filepath.Join(root, "docs", "reference.md")); err != nil {
		return w, err
	}
	if w.botocore, err = newBotocore(w.procs, root); err != nil {
		return w, err
	}
	if w.botocore == nil {
		if os.Getenv("ROLECHAIN_REQUIRE_TOOLS") != "" {
			return w, fmt.Errorf("botocore is not installed: make realsdk")
		}
		w.skip("botocore's parser (make realsdk)")
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return w, err
	}
	files.Cur = files.Max
	return w, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files)
}

func (w *World) close() { os.RemoveAll(w.dir) }

// user is a user id that no process has: limits on processes count by user.
func (w *World) user() int { return 200_000 + int(w.users.Add(1)) }

// skip notes what this machine cannot do.
func (w *World) skip(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skipped[what]++
}

func (w *World) skips() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(w.skipped)) {
		list = append(list, fmt.Sprintf("%s (%d times)", what, w.skipped[what]))
	}
	return list
}

// documented reads the exit codes out of docs/reference.md.
func documented(reference string) (map[int]bool, error) {
	text, err := os.ReadFile(reference)
	if err != nil {
		return nil, err
	}
	codes := map[int]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| `).FindAllSubmatch(text, -1) {
		n, _ := strconv.Atoi(string(row[1]))
		codes[n] = true
	}
	codes[2] = strings.Contains(string(text), "the code is 2") // which is none of the table's
	if !codes[73] || !codes[75] {
		return nil, fmt.Errorf("%s has no table of exit codes", reference)
	}
	return codes, nil
}
