package submission

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A value goes through files of Spark, Kubernetes and YAML. Spark trims values and replaces ${…} in them, Kubernetes replaces
// $(…), and YAML has no control characters and only UTF-8.
const (
	notCarried = "has characters that the files of Spark and Kubernetes would change"
	carryHint  = "leave out quotes, $, \\, control characters, and blanks at the ends"
)

// carried reports whether every form can carry the value of a property or variable as it is.
func carried(value string) bool {
	return plain(value) && strings.TrimSpace(value) == value && !strings.ContainsAny(value, `'"\$`)
}

// plain reports whether every form can carry a text as it is. Of the forms YAML allows the fewest characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' })
}
