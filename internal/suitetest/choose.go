// Package suitetest is the skeleton that the end-to-end suites share: a program that chooses what to run by name, runs each
// part as itself once more in namespaces of its own, and closes with a line that counts.
package suitetest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Names is a flag that may be given several times, or with several names separated by commas or blanks.
type Names []string

func (n *Names) String() string { return strings.Join(*n, ",") }

// Set adds the names in value.
func (n *Names) Set(value string) error {
	*n = append(*n, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })...)
	return nil
}

// Parse reads the arguments of the suite called name into the flags that define declares, and then calls check, which
// decides what to run. It reports whether there is anything to run; if not, code is the exit code: 0 after -h, 2 for wrong
// usage, which stderr explains.
func Parse(name string, args []string, stderr io.Writer, define func(*flag.FlagSet), check func() error) (run bool, code int) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	define(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return false, 0
	case err != nil:
		return false, 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "%s: takes flags only, not %q\n", name, flags.Args())
		return false, 2
	}
	if err := check(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return false, 2
	}
	return true, 0
}

// A Filter keeps the items that have one of its names; without names it keeps all.
type Filter[T any] struct {
	Names Names
	Has   func(item T, name string) bool
}

// Only is a filter that, where it is asked for, keeps the items that are of a part; otherwise it keeps all.
func Only[T any](asked bool, is func(T) bool) Filter[T] {
	f := Filter[T]{Has: func(item T, _ string) bool { return is(item) }}
	if asked {
		f.Names = Names{"the part"}
	}
	return f
}

// Choose returns the items of all that pass every filter. A name that no item of all has is an error, because nobody would
// notice that it selects nothing; so is an empty choice.
func Choose[T any](all []T, filters ...Filter[T]) ([]T, error) {
	chosen := slices.Clone(all)
	for _, f := range filters {
		for _, name := range f.Names {
			if !slices.ContainsFunc(all, func(item T) bool { return f.Has(item, name) }) {
				return nil, fmt.Errorf("nothing to run has %q", name)
			}
		}
		chosen = slices.DeleteFunc(chosen, func(item T) bool {
			return len(f.Names) > 0 && !slices.ContainsFunc(f.Names, func(name string) bool { return f.Has(item, name) })
		})
	}
	if len(chosen) == 0 {
		return nil, errors.New("nothing is left to run")
	}
	return chosen, nil
}
