package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

// helpWanted is the error of a command that was asked for its help instead of its work.
type helpWanted struct{ flags *flag.FlagSet }

func (helpWanted) Error() string { return flag.ErrHelp.Error() }

// newFlags returns the flags of a command. A flag without a usage text is for other programs, and no help lists it. The text of
// one that has to be given begins with "(required".
func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parse reads a command's arguments. Those that are not flags are left in flags.Args.
func parse(flags *flag.FlagSet, args []string) error {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return helpWanted{flags}
	case err != nil:
		return misused(flags.Name(), err)
	}
	return nil
}

// parseAlone is parse for a command that takes nothing but flags.
func parseAlone(flags *flag.FlagSet, args []string) error {
	if err := parse(flags, args); err != nil || flags.NArg() == 0 {
		return err
	}
	return misused(flags.Name(), fmt.Errorf("takes no argument, not %q", flags.Arg(0)))
}

// misused is the error of a command that was called with what it does not have.
func misused(command string, err error) error {
	return exit.Because(exit.Usage, fmt.Errorf("%s: %w", command, err), "`rolechain help "+command+"` explains it")
}

// help prints the list of commands, or the help of the one that args name.
func help(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	switch {
	case len(args) == 0:
		_, err := io.WriteString(stdout, usage(report.Styled(stdout, env.List)))
		return err
	case len(args) > 1:
		return exit.Because(exit.Usage, fmt.Errorf("help takes one command, not %q", args), "")
	case isHelp(args[0]):
		return help(nil, env, stdout, stderr)
	}
	c, err := find(args[0])
	if err != nil {
		return err
	}
	return c.call([]string{"-h"}, env, stdout, stderr)
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

// usage is the list of all commands.
func usage(style report.Style) string {
	var b strings.Builder
	b.WriteString("usage: rolechain COMMAND [ARGUMENT...]\n\n")
	var rows [][2]string
	for _, c := range commands {
		rows = append(rows, [2]string{c.name, c.summary})
	}
	writeRows(&b, style, rows)
	b.WriteString("\n`rolechain help COMMAND` or `rolechain COMMAND -h` explains one: its arguments, its flags, an example.\n")
	return b.String()
}

// help is what -h prints of a command.
func (c command) help(style report.Style, flags *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n", style.Bold(strings.TrimSpace("rolechain "+c.name+" "+c.arguments)))
	for _, line := range fold(strings.ToUpper(c.summary[:1])+c.summary[1:]+".", width) {
		b.WriteString(line + "\n")
	}
	var rows [][2]string
	flags.VisitAll(func(f *flag.Flag) {
		if f.Usage == "" {
			return
		}
		value, text := flag.UnquoteUsage(f)
		if !strings.Contains(value, "=") {
			value = strings.ToUpper(value)
		}
		rows = append(rows, [2]string{strings.TrimSpace("-" + f.Name + " " + value), text})
	})
	if len(rows) > 0 {
		b.WriteString("\nflags, with one dash or two:\n")
		writeRows(&b, style, rows)
	}
	b.WriteString("\nexample:\n  " + strings.ReplaceAll(c.example, "\n", "\n  ") + "\n")
	return b.String()
}

const (
	width    = 110 // of a line, in columns
	maxNames = 24  // columns of the first one of two; longer ones stand on a line of their own
)

// writeRows writes two columns.
func writeRows(b *strings.Builder, style report.Style, rows [][2]string) {
	first := 0
	for _, r := range rows {
		if n := len(r[0]); n <= maxNames {
			first = max(first, n)
		}
	}
	for _, r := range rows {
		name := "  " + style.Bold(r[0])
		if n := len(r[0]); n <= first {
			name += strings.Repeat(" ", first-n)
		} else {
			name += "\n" + strings.Repeat(" ", 2+first)
		}
		for _, line := range fold(r[1], width-first-4) {
			b.WriteString(name + "  " + line + "\n")
			name = strings.Repeat(" ", 2+first)
		}
	}
}

// fold breaks a text between words into lines of at most so many columns. A longer word is a line by itself.
func fold(text string, columns int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= columns:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
