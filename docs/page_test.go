package docs

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// A page is a Markdown file, taken apart as far as these tests need it.
type page struct {
	lines    []string
	blocks   []block
	spans    []string // code within a line
	headings map[string]bool
	links    []string
	rows     []row
}

// A block is lines of code: indented by four blanks, or fenced.
type block []string

// A row is one of a table, with the heads of its columns.
type row struct {
	heads, cells []string
}

// cell is the one below a head; "" where the table has no such column.
func (r row) cell(head string) string {
	for i, h := range r.heads {
		if h == head && i < len(r.cells) {
			return r.cells[i]
		}
	}
	return ""
}

var (
	span = regexp.MustCompile("`([^`]+)`")
	link = regexp.MustCompile(`\[[^\]]+\]\(([^)\s]+)\)`)
)

func parse(text string) page {
	p := page{headings: map[string]bool{}}
	p.lines = strings.Split(text, "\n")
	var prose []string // of the paragraph so far, whose code and links may go over the end of a line
	flush := func() {
		whole := strings.Join(prose, " ")
		prose = nil
		for _, m := range span.FindAllStringSubmatch(whole, -1) {
			p.spans = append(p.spans, m[1])
		}
		for _, m := range link.FindAllStringSubmatch(span.ReplaceAllString(whole, "x"), -1) {
			p.links = append(p.links, m[1])
		}
	}
	var heads []string
	for i := 0; i < len(p.lines); i++ {
		line := p.lines[i]
		switch {
		case strings.HasPrefix(line, "```"):
			flush()
			var b block
			for i++; i < len(p.lines) && !strings.HasPrefix(p.lines[i], "```"); i++ {
				b = append(b, p.lines[i])
			}
			p.blocks = append(p.blocks, b)
		case strings.HasPrefix(line, "    ") && len(prose) == 0:
			var b block
			for ; i < len(p.lines) && (strings.HasPrefix(p.lines[i], "    ") || p.lines[i] == "" && i+1 < len(p.lines) && strings.HasPrefix(p.lines[i+1], "    ")); i++ {
				b = append(b, strings.TrimPrefix(p.lines[i], "    "))
			}
			i--
			p.blocks = append(p.blocks, b)
		case strings.HasPrefix(line, "|"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for j := range cells {
				cells[j] = strings.TrimSpace(cells[j])
			}
			switch {
			case i+1 < len(p.lines) && strings.HasPrefix(p.lines[i+1], "|-"):
				heads = cells
			case !strings.HasPrefix(line, "|-"):
				p.rows = append(p.rows, row{heads, cells})
			}
			prose = append(prose, line)
			flush()
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "#"):
			flush()
			p.headings[anchor(strings.TrimLeft(line, "# "))] = true
		default:
			prose = append(prose, strings.TrimSpace(line))
		}
	}
	flush()
	return p
}

// anchor is the name that GitHub gives to a heading: lower case, blanks to hyphens, and other punctuation gone.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code is everything of the page that is code, a line each.
func (p page) code() []string { return append(p.blockLines(), p.spans...) }

// blockLines are the lines of the page's blocks, with continued lines joined.
func (p page) blockLines() []string {
	var all []string
	for _, b := range p.blocks {
		joined := strings.ReplaceAll(strings.Join(b, "\n"), "\\\n", " ")
		all = append(all, strings.Split(joined, "\n")...)
	}
	return all
}

// The parser finds what it should, so that the tests that build on it have something to look at.
func TestParse(t *testing.T) {
	p := parse("# A `b` title\n\nSee [x](y.md#z) and `two\nwords`.\n\n    aws a \\\n        --b\n\n    c\n\n| h | i |\n|---|---|\n| `1` | [l](m) |\n")
	switch {
	case !p.headings["a-b-title"], len(p.links) != 2, p.links[0] != "y.md#z", p.links[1] != "m":
		t.Errorf("headings %v, links %v", p.headings, p.links)
	case len(p.spans) != 2, p.spans[0] != "two words", p.spans[1] != "1":
		t.Errorf("spans %q", p.spans)
	case len(p.blocks) != 1, p.code()[0] != "aws a      --b", p.code()[2] != "c":
		t.Errorf("code %q", p.code())
	case len(p.rows) != 1, p.rows[0].cell("h") != "`1`":
		t.Errorf("rows %+v", p.rows)
	}
}
