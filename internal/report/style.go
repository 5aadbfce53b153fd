package report

import (
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A Style marks words on a terminal. The zero Style leaves them as they are.
type Style struct{ on bool }

// Styled returns the style for what is written to out: marks where it is a terminal, unless env, in the form of os.Environ,
// says otherwise: by a NO_COLOR that is not empty (no-color.org), or by TERM=dumb.
func Styled(out io.Writer, env []string) Style {
	f, ok := out.(*os.File)
	if !ok {
		return Style{}
	}
	for _, v := range env {
		if name, value, _ := strings.Cut(v, "="); name == "NO_COLOR" && value != "" || v == "TERM=dumb" {
			return Style{}
		}
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return Style{err == nil}
}

// Bold is for names and titles.
func (s Style) Bold(text string) string { return s.mark("1", text) }

// Good is for what went well.
func (s Style) Good(text string) string { return s.mark("32", text) }

// Bad is for what did not.
func (s Style) Bad(text string) string { return s.mark("31", text) }

// Faint is for what matters less.
func (s Style) Faint(text string) string { return s.mark("2", text) }

func (s Style) mark(code, text string) string {
	if !s.on || text == "" {
		return text
	}
	return "\033[" + code + "m" + text + "\033[0m"
}
