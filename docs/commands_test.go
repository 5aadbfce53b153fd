package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func rolechain(args ...string) (string, error) {
	out, err := exec.Command(filepath.Join(programs, "rolechain"), args...).CombinedOutput()
	return string(out), err
}

// Each call of rolechain in a page is of a command that the program has, with flags that it has; and where a page shows a
// whole `rolechain spark-conf`, the program takes it.
func TestRolechainCommands(t *testing.T) {
	help, err := rolechain("help")
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string][]string{"help": {""}}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+) `).FindAllStringSubmatch(help, -1) {
		name := m[1]
		flags[name] = []string{"-h"}
		usage, err := rolechain("help", name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^  (-[a-z-]+)`).FindAllStringSubmatch(usage, -1) {
			flags[name] = append(flags[name], m[1], "-"+m[1])
		}
	}
	if len(flags) < 5 || len(flags["spark-conf"]) < 10 {
		t.Fatalf("commands and flags: %v", flags)
	}
	problem := func(words []string) string {
		name, args := words[0], words[1:]
		if flags[name] == nil {
			return name + " is not a command"
		}
		for _, arg := range args {
			if arg == "--" {
				break
			}
			if strings.HasPrefix(arg, "-") && !slices.Contains(flags[name], arg) {
				return name + " has no flag " + arg
			}
		}
		if name == "spark-conf" && slices.Contains(args, "-for") && slices.Contains(args, "-client-role") {
			whole := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "$" })
			for i := slices.Index(whole, "-conf"); i >= 0; i = slices.Index(whole, "-conf") {
				whole = slices.Delete(whole, i, i+2) // the reader's files
			}
			if out, err := rolechain(whole...); err != nil {
				return out
			}
		}
		return ""
	}
	found, whole := 0, 0
	for name, p := range pages(t) {
		for _, line := range p.code() {
			for _, words := range calls(line, "rolechain") {
				if len(words) == 0 || strings.ToLower(words[0]) != words[0] || strings.Contains(words[0], "/") {
					continue
				}
				found++
				if slices.Contains(words, "-client-role") {
					whole++
				}
				if p := problem(words); p != "" {
					t.Errorf("%s: %s\n\t%s", name, line, p)
				}
			}
		}
	}
	if found < 20 || whole < 3 {
		t.Errorf("only %d calls, %d of them of a whole spark-conf", found, whole)
	}

	// What is wrong is found.
	for _, test := range []struct{ line, want string }{
		{"kubectl exec -n emr POD -- /opt/rolechain/rolechain stauts", "stauts is not a command"},
		{"rolechain status --yaml", "no flag --yaml"},
		{"docker run --rm --entrypoint /opt/rolechain/rolechain IMAGE versio", "versio is not a command"},
		{"rolechain spark-conf -for emr -relase emr-7.10.0", "no flag -relase"},
		{"rolechain spark-conf -for emr -release emr-9.0.0 -client-role x", "emr-9.0.0"},
	} {
		found := calls(test.line, "rolechain")
		if len(found) != 1 {
			t.Errorf("%s: %d calls", test.line, len(found))
		} else if got := problem(found[0]); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.line, got, test.want)
		}
	}
}

// Every setting that a page names is one that the code reads.
func TestSettingNames(t *testing.T) {
	known := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal", "settings", "environment.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil {
			if m := regexp.MustCompile(`envconfig:"([A-Z0-9_]+)"`).FindStringSubmatch(f.Tag.Value); m != nil {
				known[m[1]] = true
			}
		}
		return true
	})
	ours := regexp.MustCompile(`\b(ROLE_CHAIN_[A-Z_]*[A-Z]|CLIENT_ROLE[A-Z_]*|WEB_IDENTITY_ROLE[A-Z_]*|ROLE_\d_[A-Z]+)\b`)
	found := 0
	for name, p := range pages(t) {
		for _, code := range p.code() {
			if strings.Contains(code, " is not a setting of rolechain") { // what it says of a misspelt one
				continue
			}
			for _, setting := range ours.FindAllString(code, -1) {
				found++
				if !known[setting] && setting != "CLIENT_ROLE" { // a word of the policies'
					t.Errorf("%s: %s is no setting", name, setting)
				}
			}
		}
	}
	if len(known) < 20 || found < 50 {
		t.Errorf("%d settings, and %d times that pages name one", len(known), found)
	}
}

// Every exit code that a page names is one that the code has, and the table of troubles has each of them.
func TestExitCodes(t *testing.T) {
	known := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal", "exit", "exit.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if value, ok := v.Values[0].(*ast.BasicLit); ok && value.Kind == token.INT {
				known[value.Value] = true
			}
		}
		return true
	})
	if len(known) < 10 || !known["77"] {
		t.Fatalf("codes: %v", known)
	}
	all := pages(t)
	said := regexp.MustCompile(`(?i)\b(?:exit code|exit|ends with|ends? the container with)\s+(\d+)\b`)
	for name, p := range all {
		for _, m := range said.FindAllStringSubmatch(strings.Join(p.lines, " "), -1) {
			if !known[m[1]] {
				t.Errorf("%s: %q is no exit code", name, m[0])
			}
		}
	}
	listed := map[string]bool{"0": true}
	if slices.Contains(all["docs/troubleshooting.md"].lines, "70 is a fault of rolechain itself: open an issue with what it says and what `rolechain version` prints.") {
		listed["70"] = true // nobody can be brought to it, so it is no row
	}
	if slices.ContainsFunc(all["docs/troubleshooting.md"].lines, func(line string) bool { return strings.HasPrefix(line, "71 is ") }) {
		listed["71"] = true // cmd/entrypoint's tests bring the programs to it, as root
	}
	for _, r := range all["docs/troubleshooting.md"].rows {
		if code := r.cell("code"); code != "" {
			if _, err := strconv.Atoi(code); err != nil || !known[code] {
				t.Errorf("troubleshooting.md: %q is no exit code", code)
			}
			listed[code] = true
		}
	}
	for code := range known {
		if !listed[code] {
			t.Errorf("troubleshooting.md says nothing of exit code %s", code)
		}
	}
}
