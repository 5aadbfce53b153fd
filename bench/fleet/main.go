// Fleet simulates how many calls to STS the pods of an account make, with the code that decides when: package refresh's
// schedule, and package chain's waits at a start. `make fleet` writes docs/scale.md and docs/scale.svg with it, and
//
//	go run ./bench/fleet -pods 5000 -window 10m
//
// prints the line for another fleet.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() { os.Exit(mainWith(os.Args[1:], os.Stdout, os.Stderr)) }

func mainWith(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	write := flags.String("write", "", "directory that gets scale.md and scale.svg")
	pods := flags.Int("pods", 0, "pods of one fleet, instead of all")
	window := flags.Duration("window", 30*time.Second, "in which they start")
	if flags.Parse(args) != nil || flags.NArg() > 0 || *pods < 0 || *window < time.Second || *pods == 0 && *write == "" {
		flags.Usage()
		return 2
	}
	if *pods > 0 {
		_, _ = io.WriteString(stdout, dayHead+dayRow(*pods, int(*window/time.Second)))
		return 0
	}
	for name, content := range map[string]string{"scale.md": page(), "scale.svg": plot()} {
		if err := os.WriteFile(filepath.Join(*write, name), []byte(content), 0o644); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	return 0
}
