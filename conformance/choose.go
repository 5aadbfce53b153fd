package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Suite is a run: the table, and which of its cells.
type Suite struct {
	root, build string
	table       Table
	cells       []Cell
	write       string // file for the matrix; empty: none
	verbose     bool
}

type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(value string) error {
	*n = append(*n, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })...)
	return nil
}

// choose reads the arguments; nil and an exit code when there is nothing to run.
func choose(args []string, stderr io.Writer) (*Suite, int) {
	var sdks, wanted, when names
	s := &Suite{}
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var(&sdks, "sdk", "probe, or probe/variant; several, or separated by commas; default: all")
	flags.Var(&wanted, "delivery", "column of the matrix, or delivery; several; default: all")
	flags.Var(&when, "moment", "only cells that have this moment; several; default: all")
	flags.StringVar(&s.write, "write", "", "`file` to write the matrix to, as measured")
	flags.BoolVar(&s.verbose, "v", false, "print each pod's stderr and its STS's journal")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, 0
	case err != nil:
		return nil, 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "conformance: there are no arguments, but %q\n", flags.Args())
		return nil, 2
	}
	err := s.read()
	if err == nil {
		err = s.filter(sdks, wanted, when)
	}
	if err != nil {
		fmt.Fprintf(stderr, "conformance: %v\n", err)
		return nil, 2
	}
	return s, 0
}

func (s *Suite) read() (err error) {
	if s.root, err = os.Getwd(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.root, probes)); err != nil {
		return fmt.Errorf("call it from the repository's root: %w", err)
	}
	s.build = filepath.Join(s.root, "build", "conformance")
	if s.table, err = readTable(filepath.Join(s.root, "conformance", expectedFile)); err != nil {
		return err
	}
	return agree(filepath.Join(s.root, probes), s.table)
}

// filter keeps the cells that were asked for. A name that selects nothing is an error: it would pass unseen.
func (s *Suite) filter(sdks, wanted, when names) error {
	s.cells = s.table.cells()
	for _, filter := range []struct {
		names names
		has   func(c Cell, name string) bool
	}{
		{sdks, func(c Cell, name string) bool { return c.SDK == name || strings.HasPrefix(c.SDK, name+"/") }},
		{wanted, func(c Cell, name string) bool { return c.Delivery == name || c.Column() == name }},
		{when, func(c Cell, name string) bool { return slices.Contains(c.Moments(), name) }},
	} {
		for _, name := range filter.names {
			if !slices.ContainsFunc(s.table.cells(), func(c Cell) bool { return filter.has(c, name) }) {
				return fmt.Errorf("no cell has %q", name)
			}
		}
		s.cells = slices.DeleteFunc(s.cells, func(c Cell) bool {
			return len(filter.names) > 0 && !slices.ContainsFunc(filter.names, func(name string) bool { return filter.has(c, name) })
		})
	}
	if len(s.cells) == 0 {
		return errors.New("nothing is left to run")
	}
	if s.write != "" && len(s.cells) != len(s.table.cells()) {
		return errors.New("-write takes a run of everything")
	}
	return nil
}
