//go:build !race

package buildtest

// underRace reports whether the tests are built with the race detector.
const underRace = false
