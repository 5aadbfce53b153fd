package main

import (
	"errors"
	"flag"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"rolechain/internal/suitetest"
)

// A Suite is a run: the table, and which of its cells.
type Suite struct {
	root, build string
	table       Table
	cells       []Cell
	connectors  bool   // they are what was asked for
	write       string // file for the matrix; empty: none
	verbose     bool
}

// choose reads the arguments; nil and an exit code when there is nothing to run.
func choose(args []string, stderr io.Writer) (suitetest.Conductor, int) {
	var sdks, connectors, wanted, when suitetest.Names
	s := &Suite{}
	run, code := suitetest.Parse("conformance", args, stderr, func(flags *flag.FlagSet) {
		flags.Var(&sdks, "sdk", "probe, or probe/variant; several, or separated by commas; default: all, and the connector "+inCI)
		flags.Var(&connectors, "connector", "the same of connectors, instead of SDKs; "+everyConnector+" for each of them")
		flags.Var(&wanted, "delivery", "column of the matrix, or delivery; several; default: all")
		flags.Var(&when, "moment", "only cells that have this moment; several; default: all")
		flags.StringVar(&s.write, "write", "", "`file` to write the matrix to, as measured")
		flags.BoolVar(&s.verbose, "v", false, "print each pod's stderr and its STS's journal")
	}, func() error {
		return errors.Join(s.read(), s.filter(sdks, connectors, wanted, when))
	})
	if !run {
		return nil, code
	}
	return s.conduct, 0
}

func (s *Suite) read() (err error) {
	if s.root, err = suitetest.Root(probes); err != nil {
		return err
	}
	s.build = filepath.Join(s.root, "build", "conformance")
	dir := filepath.Join(s.root, "conformance")
	if s.table, err = readTable(filepath.Join(dir, expectedFile), filepath.Join(dir, connectorsFile)); err != nil {
		return err
	}
	return agree(filepath.Join(s.root, probes), s.table)
}

// inCI is the connector that runs with the SDKs when nothing else is asked for; everyConnector is the name of all of them.
const (
	inCI           = "msk"
	everyConnector = "all"
)

// filter keeps the cells that were asked for.
func (s *Suite) filter(sdks, connectors, wanted, when suitetest.Names) (err error) {
	if len(sdks) > 0 && len(connectors) > 0 {
		return errors.New("-sdk and -connector exclude each other")
	}
	s.connectors = len(connectors) > 0
	named := func(c Cell, name string) bool { return c.SDK == name || strings.HasPrefix(c.SDK, name+"/") }
	all := slices.DeleteFunc(s.table.cells(), func(c Cell) bool {
		return c.Connector != s.connectors && !(len(sdks) == 0 && named(c, inCI))
	})
	s.cells, err = suitetest.Choose(all,
		suitetest.Filter[Cell]{Names: sdks, Has: named},
		suitetest.Filter[Cell]{Names: connectors, Has: func(c Cell, name string) bool { return name == everyConnector || named(c, name) }},
		suitetest.Filter[Cell]{Names: wanted, Has: func(c Cell, name string) bool { return c.Delivery == name || c.Column() == name }},
		suitetest.Filter[Cell]{Names: when, Has: func(c Cell, name string) bool { return slices.Contains(c.Moments(), name) }})
	if err == nil && s.write != "" && len(s.cells) != len(all) {
		err = errors.New("-write takes a run of everything")
	}
	return err
}
