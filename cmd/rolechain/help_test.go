package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/shell"
)

// Every command explains itself on stdout, by each spelling, and ends with 64 and the name of a flag that it does not have.
func TestHelp(t *testing.T) {
	calls := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(args, settings.Environment{}, &out, &errs)
		return code, out.String(), errs.String()
	}
	for _, c := range commands {
		code, want, said := calls("help", c.name)
		if code != 0 || said != "" || !strings.HasPrefix(want, strings.TrimSpace("usage: rolechain "+c.name+" "+c.arguments)+"\n\n") || !strings.Contains(want, "\nexample:\n  ") {
			t.Errorf("help %s: %d\n%s%s", c.name, code, want, said)
		}
		for _, arg := range []string{"-h", "-help", "--help"} {
			if code, got, said := calls(c.name, arg); code != 0 || got != want || said != "" {
				t.Errorf("%s %s: %d\n%s%s", c.name, arg, code, got, said)
			}
		}
		if c.name != "refresh" { // which nobody calls by hand
			if code, got, said := calls(c.name, "-none"); code != 64 || got != "" || !strings.Contains(said, "error: "+c.name+": flag provided but not defined: -none\n  hint: ") {
				t.Errorf("%s -none: %d\n%s%s", c.name, code, got, said)
			}
		}
		// What the usage line names is in the list.
		for _, flag := range regexp.MustCompile(`-[a-z-]+`).FindAllString(c.arguments, -1) {
			if flag != "--" && !strings.Contains(want, "\n  "+flag) {
				t.Errorf("%s: %s is not in\n%s", c.name, flag, want)
			}
		}
		for line := range strings.Lines(want) {
			if !strings.Contains(c.example, strings.TrimSpace(line)) && len(line) > width+1 {
				t.Errorf("%s: a line of %d columns: %s", c.name, len(line)-1, line)
			}
		}
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"help", "help"}} {
		code, got, said := calls(args...)
		for _, c := range commands {
			if code != 0 || said != "" || !regexp.MustCompile(`(?m)^  `+c.name+` +\S`).MatchString(got) {
				t.Errorf("%q: %d, without %s\n%s%s", args, code, c.name, got, said)
			}
		}
	}
	for args, want := range map[string]string{"help x": `"x" is not a command`, "help plan x": "one command", "-x": `"-x" is not a flag`, "--version x": `version: takes no argument, not "x"`, "version -h x": ""} {
		code, got, said := calls(strings.Fields(args)...)
		if want == "" && code == 0 && got != "" {
			continue
		}
		if code != 64 || got != "" || !strings.Contains(said, want) {
			t.Errorf("%s: %d\n%s%s", args, code, got, said)
		}
	}
}

// The examples run. Those that need a pod fail for the want of it, and not for how they are written.
func TestHelpExamples(t *testing.T) {
	codes := map[string]int{"check": 78, "status": 0, "plan": 0, "spark-conf": 0, "credentials": 73, "install": 78, "version": 0}
	env := settings.Listed([]string{"ROLE_CHAIN_ENTRYPOINT=/bin/sh"})
	for _, c := range commands {
		words := shell.Split(strings.ReplaceAll(c.example, "\\\n", " "))
		if c.name == "sidecar" { // a container's whole environment
			continue
		}
		if c.name == "refresh" { // the entrypoint's example
			if name, value, _ := strings.Cut(words[0], "="); !settings.Known(name) || value != "endpoint" || !strings.HasSuffix(words[1], "/entrypoint") {
				t.Errorf("%q", words)
			}
			continue
		}
		if words[0] != "rolechain" || words[1] != c.name {
			t.Errorf("%q is no example of %s", c.example, c.name)
			continue
		}
		var stdout, stderr bytes.Buffer
		code := run(words[1:], env, &stdout, &stderr)
		want, known := codes[c.name]
		if !known && code != 64 {
			continue
		}
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.example, code, want, &stdout, &stderr)
		}
	}
}

// Flags stand in one column, their texts in another, and a name that is too long for it has a line of its own.
func TestFlagList(t *testing.T) {
	flags := newFlags("x")
	flags.String("a", "", "`file` to read")
	flags.Bool("hidden", false, "")
	flags.Bool("longer", false, "(required) "+strings.Repeat("word ", 20))
	flags.String("property", "", "a property, `spark.NAME=VALUE`")
	c := command{name: "x", arguments: "-a FILE", summary: "do it", example: "rolechain x \\\n  -a b"}
	want := `usage: rolechain x -a FILE

Do it.

flags, with one dash or two:
  -a FILE  file to read
  -longer  (required) word word word word word word word word word word word word word word word word word
           word word word
  -property spark.NAME=VALUE
           a property, spark.NAME=VALUE

example:
  rolechain x \
    -a b
`
	if got := c.help(report.Style{}, flags); got != want {
		t.Errorf("%s", got)
	}
}

// On a terminal names are bold and outcomes have a color; NO_COLOR, and whatever is no terminal, gets plain text.
func TestColor(t *testing.T) {
	for _, test := range []struct {
		env  []string
		want bool
	}{{nil, true}, {[]string{"NO_COLOR="}, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"TERM=dumb"}, false}} {
		for _, args := range []string{"help", "help spark-conf", "check"} {
			screen, terminal := openTerminal(t)
			go func() { // a terminal holds a page, and then the writer waits
				defer terminal.Close()
				run(strings.Fields(args), settings.Listed(test.env), terminal, io.Discard)
			}()
			shown, _ := io.ReadAll(screen) // ends with EIO, as there is no terminal any more
			if len(shown) == 0 || bytes.Contains(shown, []byte("\033[")) != test.want {
				t.Errorf("%s with %q: %q", args, test.env, shown)
			}
			var plain bytes.Buffer
			run(strings.Fields(args), settings.Listed(test.env), &plain, io.Discard)
			if strip := regexp.MustCompile("\033\\[[0-9]*m"); strings.ReplaceAll(strip.ReplaceAllString(string(shown), ""), "\r\n", "\n") != plain.String() {
				t.Errorf("%s: %q and without a terminal %q", args, shown, &plain)
			}
		}
	}
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil || report.Styled(null, nil) != (report.Style{}) {
		t.Errorf("/dev/null is a terminal, %v", err)
	}
}

// openTerminal returns both ends of a new terminal.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}
