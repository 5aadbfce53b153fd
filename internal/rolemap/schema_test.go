package rolemap

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rolechain/internal/exit"
)

// What the reader takes, the schema takes, and an editor with it marks what is wrong by its form.
func TestSchema(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "schemacheck")
	cmd := exec.Command("go", "build", "-C", filepath.Join("..", "..", "tools"), "-o", program, "./schemacheck")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building schemacheck: %v\n%s", err, out)
	}
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	accepted := []string{write("good.yaml", good)}
	for _, block := range regexp.MustCompile("(?m)(?:^    .*\n|^\n)+").FindAllString(page(t), -1) { // those of the page too
		if text := strings.ReplaceAll(block, "\n    ", "\n"); strings.Contains(text, "grants:") && strings.Contains(text, "arn:") {
			text = strings.TrimPrefix(text, "    ")
			if _, err := Parse("page", []byte(text)); err != nil {
				t.Errorf("docs/role-map.md: %v", err)
			}
			accepted = append(accepted, write("page"+strconv.Itoa(len(accepted))+".yaml", text))
		}
	}
	if len(accepted) < 2 {
		t.Error("docs/role-map.md has no role map")
	}
	if out, err := exec.Command(program, append([]string{"schema.json"}, accepted...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for i, test := range bad {
		if !test.schema {
			continue
		}
		file := write("bad"+strconv.Itoa(i)+".yaml", strings.Replace(good, test.old, test.new, 1))
		if out, err := exec.Command(program, "schema.json", file).CombinedOutput(); err == nil || !strings.Contains(string(out), file) {
			t.Errorf("the schema takes %q in the place of %q: %v\n%s", test.new, test.old, err, out)
		}
	}
}

func page(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "role-map.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The schema, the reader and the page know the same keys.
func TestKeys(t *testing.T) {
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for where, test := range map[string]struct {
		text string
		keys map[string]any
	}{
		"the role map": {"zzz: 1", schema.Properties},
		"the role":     {"roles: {a: {zzz: 1}}", schema.Defs["role"].Properties},
		"a grant":      {"grants: [{zzz: 1}]", schema.Defs["grant"].Properties},
	} {
		_, err := Parse(where, []byte(test.text))
		known := map[string]bool{}
		for key := range test.keys {
			known[key] = true
			if !strings.Contains(page(t), "| `"+key+"` |") {
				t.Errorf("docs/role-map.md has no row for %s", key)
			}
		}
		var read []string
		for _, problem := range exit.All(err) {
			if strings.Contains(problem.Error(), `has no key "zzz"`) {
				_, list, _ := strings.Cut(exit.HintOf(problem), "there are ")
				read = strings.Split(list, ", ")
			}
		}
		for _, key := range read {
			if !known[key] {
				t.Errorf("the schema does not know %q of %s", key, where)
			}
		}
		if len(read) != len(known) || len(read) == 0 {
			t.Errorf("%s: the reader knows %q, the schema %v", where, read, known)
		}
	}
}
