package main

import (
	"maps"
	"slices"
	"testing"
)

func TestInitTrace(t *testing.T) {
	got := initTrace(`init internal/bytealg @0 ms, 0 ms clock, 0 bytes, 0 allocs
init net/netip @0.72 ms, 0.029 ms clock, 728 bytes, 18 allocs
rolechain: role chain: a > b config="/home/hadoop/.aws/config"
init of something else
init x @0.1 ms, fast ms clock, 728 bytes, 18 allocs
`)
	want := []initialised{{"internal/bytealg", 0, 0, 0}, {"net/netip", 29, 728, 18}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMedians(t *testing.T) {
	got := medians(map[string][]initialised{
		"fast": {{pkg: "fast", micros: 1}, {pkg: "fast", micros: 900}, {pkg: "fast", micros: 2}},
		"slow": {{pkg: "slow", micros: 5, bytes: 6, allocs: 7}},
		"also": {{pkg: "also", micros: 2}},
	})
	want := []initialised{{"slow", 5, 6, 7}, {"also", 2, 0, 0}, {"fast", 2, 0, 0}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStraceTable(t *testing.T) {
	got := straceTable(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 62.50    0.000050           5         8         2 openat
 37.50    0.000030           0       114           rt_sigaction
------ ----------- ----------- --------- --------- ----------------
100.00    0.000080           0       122         2 total
`)
	if want := map[string]int{"openat": 8, "rt_sigaction": 114}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
