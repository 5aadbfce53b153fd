package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rolechain/bench/internal/spawn"
	"rolechain/bench/internal/stats"
)

// An initialised is one package's line in the trace of GODEBUG=inittrace=1 (package runtime's documentation):
//
//	init net/netip @0.72 ms, 0.029 ms clock, 728 bytes, 18 allocs
type initialised struct {
	pkg    string
	micros float64
	bytes  int
	allocs int
}

// initTrace finds those lines in what a program wrote to stderr.
func initTrace(stderr string) []initialised {
	var list []initialised
	for line := range strings.Lines(stderr) {
		words := strings.Fields(line)
		if len(words) != 11 || words[0] != "init" || words[6] != "clock," {
			continue
		}
		clock, err1 := strconv.ParseFloat(words[4], 64)
		bytes, err2 := strconv.Atoi(words[7])
		allocs, err3 := strconv.Atoi(words[9])
		if cmp.Or(err1, err2, err3) == nil {
			list = append(list, initialised{words[1], clock * 1e3, bytes, allocs})
		}
	}
	return list
}

// medians returns each package's median, the slowest first.
func medians(byPackage map[string][]initialised) []initialised {
	var list []initialised
	for pkg, samples := range byPackage {
		micros := make([]float64, len(samples))
		for i, s := range samples {
			micros[i] = s.micros
		}
		list = append(list, initialised{pkg, stats.Quantile(micros, 0.5), samples[0].bytes, samples[0].allocs})
	}
	slices.SortFunc(list, func(a, b initialised) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(a.pkg, b.pkg))
	})
	return list
}

// underStrace starts c once and returns how often it made each system call.
func underStrace(s *spawn.Spawner, c *contender, strace, dir string) (map[string]int, error) {
	table := filepath.Join(dir, "strace")
	traced := *c
	traced.argv = append([]string{strace, "-f", "-c", "-o", table, "--"}, c.argv...)
	if _, err := once(s, &traced); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(table)
	return straceTable(string(text)), err
}

// straceTable reads the table of strace -c:
//
//	% time     seconds  usecs/call     calls    errors syscall
//	 50.00    0.000040           5         8         2 openat
//
// The column of errors is blank where there are none.
func straceTable(text string) map[string]int {
	counts := map[string]int{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 5 || words[len(words)-1] == "total" {
			continue
		}
		if n, err := strconv.Atoi(words[3]); err == nil {
			counts[words[len(words)-1]] = n
		}
	}
	return counts
}
