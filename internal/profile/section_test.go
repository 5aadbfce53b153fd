package profile

import (
	"errors"
	"slices"
	"testing"
)

func TestProfileOfSection(t *testing.T) {
	for name, want := range map[string]string{
		"default": "default", " default\t": "default", "profile x": "x", "profile\tx": "x", " profile  x y ": "x y", "profile default": "default",
		`profile "x y"`: "x y", "profile 'x'": "x", `profile 'x"`: `'x"`, `profile xx`: "xx", `profile "`: `"`, `profile ""`: "",
		"profile": "-", "profilex": "-", "profile:x": "-", "x": "-", "services x": "-",
	} {
		got, ok := (&section{name: name}).profile()
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("[%s] is profile %q, not %q", name, got, want)
		}
	}
}

// What stays of a key that is removed has the line that it had, and so has what keeps it from being removed.
func TestCommentsOfEntry(t *testing.T) {
	entryOf := func(file string) *entry {
		t.Helper()
		f, err := parse([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		return f.sections[1].entries[0]
	}
	rest, err := entryOf("[default]\naws_session_token = a\n  # one\n  b\n\t; two\n").comments()
	if err != nil || len(rest) != 2 {
		t.Fatalf("%v, %v", rest, err)
	}
	for i, want := range []entry{{first: 3, lines: []string{"# one"}}, {first: 5, lines: []string{"; two"}}} {
		if got := rest[i]; got.first != want.first || !slices.Equal(got.lines, want.lines) {
			t.Errorf("line %d %q stays, not line %d %q", got.first, got.lines, want.first, want.lines)
		}
	}
	_, err = entryOf("[default]\nrole_arn = a\n  # one\n\n  b\n  region = c\n").comments()
	var refused *LineError
	if !errors.As(err, &refused) || refused.Line != 6 {
		t.Errorf("%v, not line 6", err)
	}
}

func TestCutKey(t *testing.T) {
	for body, want := range map[string][]string{
		"A = b": {"a", "b"}, "a:b=c": {"a", "b=c"}, "a=b:c": {"a", "b:c"}, "=b": {"", "b"}, ":": {"", ""}, "a": nil, "": nil,
	} {
		var got []string
		if key, value, found := cutKey(body); found {
			got = []string{key, value}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is %q, not %q", body, got, want)
		}
	}
}

// The first line says how lines end; a last line without an end gets that one.
func TestLineEnds(t *testing.T) {
	for file, want := range map[string]string{
		"":                   "",
		"[a]":                "[a]\n",
		"[a]\r":              "[a]\r\n", // one line, whose carriage return is its own
		"[a]\nb = c":         "[a]\nb = c\n",
		"[a]\r\nb = c":       "[a]\r\nb = c\r\n",
		"[a]\r\nb = c\n":     "[a]\r\nb = c\n",
		"[a]\nb = c\r\n# d":  "[a]\nb = c\r\n# d\n",
		"[a]\r\n\r\n# d\r\n": "[a]\r\n\r\n# d\r\n",
	} {
		f, err := parse([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.bytes()); got != want {
			t.Errorf("%q is written as %q, not %q", file, got, want)
		}
	}
}
