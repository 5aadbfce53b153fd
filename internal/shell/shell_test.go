package shell

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// words have every kind of character that a shell gives a meaning to.
var words = []string{
	"", "a", "a b", "a'b", "'", "''", `'\''`, `a"b`, `a\b`, `\`, "$HOME", "${HOME}", "$(echo x)", "`echo x`", "a;b", "a&b", "a|b", "a>b", "a<b",
	"*", "?", "[a]", "~", "~root", "#a", "!a", "{a,b}", "a=b", "-a", "a\tb", "a\nb", "ü", "a\xffb", "(a)", "'; echo x; '", "s3://b/k%20+,:@_-.",
}

// A real shell reads back what Quote writes.
func TestQuote(t *testing.T) {
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+Join(words)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, words) {
		t.Errorf("%q\nwant %q", got, words)
	}
	for word, want := range map[string]string{"": "''", "a/b": "a/b", "a b": "'a b'", "it's": `'it'\''s'`} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		" a  b\tc\n":            {"a", "b", "c"},
		`a'b c'd "e 'f'" g\ h`:  {"ab cd", "e 'f'", "g h"},
		"a \\\n b":              {"a", "b"},
		"a\\\nb":                {"ab"},
		`'' ""`:                 {"", ""},
		"a # it's\nb#c '#' \\#": {"a", "b#c", "#", "#"},
		`'a\b' "a\b" "\"\\\$"`:  {`a\b`, `a\b`, `"\$`},
		`$A "${B} c"`:           {"$A", "${B} c"},
	} {
		if got := Split(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Split reads what Quote writes, as a shell does.
func TestSplitReadsQuote(t *testing.T) {
	valid := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.Contains(w, "\xff") })
	if got := Split(Join(valid)); !slices.Equal(got, valid) {
		t.Errorf("%q\nwant %q", got, valid)
	}
}

func TestWords(t *testing.T) {
	got := Words("a \\\n  'b\nc' d\n# e\nf")
	want := []Word{{"a", 1}, {"b\nc", 2}, {"d", 3}, {"f", 5}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
