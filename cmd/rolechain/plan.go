package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"rolechain/internal/emr"
	"rolechain/internal/profile"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/shell"
	"rolechain/internal/start"
)

// plan prints what the entrypoint would do with args in this environment: each file as a diff, the variables, the
// command. The values of secret keys that stand in the files, and of deleted variables, are not shown.
//
// A first argument that begins with a hyphen comes behind "--", so that a misspelt -h is not taken for the job's.
func plan(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	flags := newFlags("plan")
	if err := parse(flags, args); err != nil {
		return err
	}
	args = flags.Args()
	s, speak, warnings, err := read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if why := start.PassThrough(s, emr.Read(env.List), args); why != "" { // as the entrypoint does
		log.Info(why)
		s, warnings, err = start.Unchanged(s), nil, nil
	}
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	if err != nil {
		return err
	}
	own := sibling("entrypoint")
	found, err := start.Look(s, own)
	if err == nil {
		err = start.Follow(s.Entrypoint, found.Target, own)
	}
	if err != nil {
		return err
	}
	p, err := start.Make(s, found, env.List, args)
	if err != nil {
		return err
	}
	for _, w := range p.Warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	_, err = stdout.Write(show(p))
	return err
}

// sibling is the program of that name beside this one, or "" if there is none.
func sibling(name string) string {
	own, err := os.Readlink(start.Self)
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(own), name)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func show(p start.Plan) []byte {
	var b bytes.Buffer
	for _, f := range p.Files {
		before := f.Path
		if !f.Exists {
			before = os.DevNull
		}
		d := diff.Diff(before, profile.Redact(f.Before), f.Path, profile.Redact(f.After))
		// Its first line, "diff OLD NEW", says nothing that the next two do not.
		_, d, _ = bytes.Cut(d, []byte("\n"))
		b.Write(d)
	}
	if len(p.Unset)+len(p.Set) > 0 {
		b.WriteString("environment\n")
	}
	for _, name := range p.Unset {
		fmt.Fprintf(&b, "-%s\n", name)
	}
	for _, v := range p.Set {
		fmt.Fprintf(&b, "+%s=%s\n", v.Name, v.Value)
	}
	if p.Refresher != nil {
		b.WriteString("start " + shell.Join(append([]string{p.Refresher.Path}, p.Refresher.Args[1:]...)) + "\n")
	}
	b.WriteString("exec " + shell.Join(p.Exec.Argv) + "\n")
	return b.Bytes()
}
