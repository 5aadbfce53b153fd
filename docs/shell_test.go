package docs

import "strings"

// calls are the words behind a program's name, for each time that a line of shell calls it: as the command, behind variables,
// or within a container. It knows as much of the shell as the pages use: quotes, $( ), pipes and redirections.
func calls(line, program string) [][]string {
	var found [][]string
	var words []string
	flush := func() {
		if args := call(words, program); args != nil {
			found = append(found, args)
		}
		words = nil
	}
	for _, token := range tokens(line) {
		switch token {
		case "#":
			flush()
			return found
		case "|", ";", "&&", "||", "$(", ")", "(", ">", "<":
			flush()
		default:
			words = append(words, token)
		}
	}
	flush()
	return found
}

func call(words []string, program string) []string {
	for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == "$" || words[0] == "exec") {
		words = words[1:]
	}
	is := func(word string) bool { return word == program || strings.HasSuffix(word, "/"+program) }
	switch {
	case len(words) == 0:
	case is(words[0]):
		return words[1:]
	case len(words) > 1 && (words[0] == "kubectl" || words[0] == "docker") && (words[1] == "run" || words[1] == "exec"):
		for i, w := range words {
			switch {
			case !is(w):
			case words[i-1] == "--entrypoint": // docker's, with the image behind it
				return words[i+2:]
			case words[0] == "docker" || words[i-1] == "--":
				return words[i+1:]
			}
		}
	}
	return nil
}

// tokens splits a line of shell into words and operators.
func tokens(line string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	open := false
	end := func() {
		if open {
			out = append(out, word.String())
		}
		word.Reset()
		open = false
	}
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		next := rune(0)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ' || r == '\t':
			end()
		case r == '$' && next == '(':
			end()
			out = append(out, "$(")
			i++
		case (r == '&' || r == '|') && next == r:
			end()
			out = append(out, string([]rune{r, r}))
			i++
		case strings.ContainsRune("|;()><", r):
			end()
			out = append(out, string(r))
		case r == '#' && !open:
			out = append(out, "#")
		default:
			word.WriteRune(r)
			open = true
		}
	}
	end()
	return out
}
