package internal

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// rooms lists the packages that are shipped, lowest first, with what each may import of the others. A package imports only
// packages above its line. A new package, or a new import, is a line changed here.
var rooms = []struct {
	name    string
	imports string
}{
	{"exit", ""},
	{"jwt", ""},
	{"shell", ""},
	{"eintr", ""},
	{"durable", "eintr"},
	{"settings", "exit"},
	{"report", "exit"},
	{"profile", "settings"},
	{"jvm", ""},
	{"rolemap", "durable exit jwt settings"},
	{"emr", ""},
	{"jobconf", "exit shell"},
	{"submission", "exit jobconf jvm settings shell"},
	{"handover", "durable exit settings"},
	{"supervise", "eintr exit"},
	{"start", "durable emr exit handover jvm jwt profile report settings supervise"},
	{"refusal", "settings"},
	{"chain", "durable exit jwt refusal report settings"},
	{"awsconfig", "chain durable exit handover profile settings"},
	{"data", "awsconfig chain exit refusal settings"},
	{"families", "durable handover jvm profile settings"},
	{"refresh", "chain report"},
	{"endpoint", "chain exit handover"},
	{"refresher", "awsconfig chain durable endpoint exit handover profile refresh report settings start supervise"},
	{"policies", "jwt refresher settings"},
}

// service is the prefix of the clients of AWS's services, which the entrypoint does not link: see cmd/entrypoint/deps_test.go.
const service = "github.com/aws/aws-sdk-go-v2/service/"

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list asks the go command for packages.
func list(t *testing.T, patterns ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

const here = "rolechain/internal/"

// proves reports whether a package only proves something, by its name: net/http/httptest is the model.
func proves(importPath string) bool {
	for _, part := range strings.Split(importPath, "/") {
		if strings.HasSuffix(part, "test") {
			return true
		}
	}
	return false
}

// Each shipped package imports what the table says, and nothing upward.
func TestImports(t *testing.T) {
	below := map[string]bool{}
	allowed := map[string][]string{}
	for _, r := range rooms {
		allowed[r.name] = strings.Fields(r.imports)
		for _, name := range allowed[r.name] {
			if !below[name] {
				t.Errorf("the table lets %s import %s, which does not stand above it", r.name, name)
			}
		}
		below[r.name] = true
	}
	for _, p := range list(t, "./internal/...") {
		name := strings.TrimPrefix(p.ImportPath, here)
		if proves(p.ImportPath) || p.ImportPath == "rolechain/internal" {
			continue
		}
		may, known := allowed[name]
		if !known {
			t.Errorf("%s is not in the table of allowed imports", name)
			continue
		}
		for _, i := range p.Imports {
			other, ours := strings.CutPrefix(i, here)
			switch {
			case !ours && !strings.HasPrefix(i, "rolechain"):
			case !ours:
				t.Errorf("%s imports %s, upward", name, i)
			case !slices.Contains(may, other):
				t.Errorf("%s imports %s, which the table does not allow", name, other)
			}
		}
		for _, other := range may {
			if !slices.Contains(p.Imports, here+other) {
				t.Errorf("%s does not import %s any more: take it out of the table", name, other)
			}
		}
		delete(allowed, name)
	}
	for name := range allowed {
		t.Errorf("%s is in the table and not there", name)
	}
}

// The programs link nothing that only proves something, and handover nothing of AWS's clients.
func TestShipped(t *testing.T) {
	programs := list(t, "./cmd/...")
	if len(programs) != 2 {
		t.Fatalf("%d programs", len(programs))
	}
	for _, p := range programs {
		for _, d := range p.Deps {
			if d == "testing" || strings.HasPrefix(d, "rolechain/") && proves(d) {
				t.Errorf("%s links %s", path.Base(p.ImportPath), d)
			}
			if strings.HasPrefix(d, "rolechain/") && !strings.HasPrefix(d, here) {
				t.Errorf("%s links %s, which is not in internal", path.Base(p.ImportPath), d)
			}
		}
	}
	for _, p := range list(t, "./internal/handover", "./internal/supervise", "./internal/start") {
		for _, d := range p.Deps {
			if strings.HasPrefix(d, service) || d == "net/http" {
				t.Errorf("%s links %s, and the entrypoint with it", path.Base(p.ImportPath), d)
			}
		}
	}
}
