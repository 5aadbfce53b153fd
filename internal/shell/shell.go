// Package shell writes words as a POSIX shell reads them, and reads words as a shell splits them.
package shell

import "strings"

// Quote returns word as a shell reads it back: as it is if no shell gives any of its characters a meaning, otherwise in
// single quotes.
func Quote(word string) string {
	if word != "" && strings.IndexFunc(word, special) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// special reports whether a word with r in it has to be quoted.
func special(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("%+,-./:=@_", r))
}

// Join returns the words, each quoted, with blanks between them.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// A Word is one word of a text and the line, from 1, on which it begins.
type Word struct {
	Text string
	Line int
}

// Split returns the words of text as a shell splits them: quotes and backslashes are taken off, comments are left out.
// Nothing is expanded: a variable stays as it is written.
func Split(text string) []string {
	var list []string
	for _, w := range Words(text) {
		list = append(list, w.Text)
	}
	return list
}

// Words is Split with the line of each word.
func Words(text string) []Word {
	var list []Word
	var word strings.Builder
	var quote rune // the quote that the text is in, or 0
	inWord, escaped, comment := false, false, false
	line, start := 1, 1
	begin := func() {
		if !inWord {
			inWord, start = true, line
		}
	}
	for _, r := range text {
		switch {
		case comment:
			comment = r != '\n'
		case escaped:
			escaped = false
			if quote == '"' && !strings.ContainsRune("$`\"\\\n", r) {
				word.WriteRune('\\') // within double quotes a backslash escapes only these
			}
			if r != '\n' { // a line that goes on
				begin()
				word.WriteRune(r)
			}
		case r == '#' && quote == 0 && !inWord:
			comment = true
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			begin()
			quote = r
		case quote == 0 && strings.ContainsRune(" \t\r\n", r):
			if inWord {
				list = append(list, Word{word.String(), start})
			}
			word.Reset()
			inWord = false
		default:
			begin()
			word.WriteRune(r)
		}
		if r == '\n' {
			line++
		}
	}
	if inWord {
		list = append(list, Word{word.String(), start})
	}
	return list
}
