package exit

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestCodeOf(t *testing.T) {
	denied := Because(Denied, errors.New("no"), "ask")
	for _, test := range []struct {
		err  error
		code Code
		hint string
	}{
		{nil, OK, ""},
		{errors.New("odd"), Internal, faultHint},
		{Because(Internal, errors.New("odd"), ""), Internal, faultHint},
		{Because(Internal, errors.New("odd"), "both programs must be of one version"), Internal, "both programs must be of one version"},
		{Because(Denied, errors.New("no"), ""), Denied, ""},
		{denied, Denied, "ask"},
		{fmt.Errorf("second hop: %w", denied), Denied, "ask"},
		{errors.Join(errors.Join(denied, errors.New("x")), Because(NoFiles, errors.New("y"), "")), Denied, "ask"},
	} {
		if code, hint := CodeOf(test.err), HintOf(test.err); code != test.code || hint != test.hint {
			t.Errorf("%v: %d %q", test.err, code, hint)
		}
	}
}

func TestAll(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	if got := fmt.Sprint(All(errors.Join(a, errors.Join(b, c)))); got != "[a b c]" {
		t.Errorf("got %s", got)
	}
	for _, none := range []error{nil, errors.Join()} {
		if got := All(none); len(got) != 0 {
			t.Errorf("of no error it lists %d", len(got))
		}
	}
	if got := fmt.Sprint(All(a)); got != "[a]" {
		t.Errorf("got %s", got)
	}
}

// docs/reference.md's table is the code's: same codes, same words.
func TestReference(t *testing.T) {
	reference, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Comment != nil {
			code := v.Values[0].(*ast.BasicLit).Value
			table = append(table, fmt.Sprintf("| %s | %s |", code, strings.TrimSpace(v.Comment.Text())))
		}
		return true
	})
	var rows []string
	for _, row := range strings.Split(string(reference), "\n") {
		if regexp.MustCompile(`^\| \d+ \|`).MatchString(row) {
			rows = append(rows, row)
		}
	}
	// 0 is in the text: it is the original's own code, or success.
	if got, want := strings.Join(rows, "\n"), strings.Join(table[1:], "\n"); len(table) < 10 || got != want {
		t.Errorf("docs/reference.md has\n%s\nthe code has\n%s", got, want)
	}
}
