//go:build !race

package buildtest

// UnderRace reports whether the tests are built with the race detector.
const UnderRace = false
