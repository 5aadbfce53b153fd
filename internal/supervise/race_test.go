//go:build race

package supervise_test

// The race detector's own memory is several times that of the program.
func init() { memoryBound *= 8 }
