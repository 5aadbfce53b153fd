package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The bill of a program of this module has its modules and no other, and is the same when it is printed again.
func TestBill(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rolechain")
	build := exec.Command("go", "build", "-o", program, "rolechain/cmd/rolechain")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var bills [2]bytes.Buffer
	for i := range bills {
		var stderr bytes.Buffer
		if code := run([]string{"-created", "86400", program}, &bills[i], &stderr); code != 0 {
			t.Fatalf("ended with %d: %s", code, &stderr)
		}
	}
	if !bytes.Equal(bills[0].Bytes(), bills[1].Bytes()) {
		t.Error("two bills of one program differ")
	}
	var doc document
	if err := json.Unmarshal(bills[0].Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Creation.Created != "1970-01-02T00:00:00Z" {
		t.Errorf("created %q", doc.Creation.Created)
	}
	ids := map[string]bool{doc.ID: true}
	has := map[string]string{}
	for _, p := range doc.Packages {
		if ids[p.ID] {
			t.Errorf("%s stands twice", p.ID)
		}
		ids[p.ID] = true
		has[p.Name] = p.Version
	}
	for _, r := range doc.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%v leads nowhere", r)
		}
	}
	mod, err := os.ReadFile(filepath.Join("..", "..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	const sts = "github.com/aws/aws-sdk-go-v2/service/sts"
	if has[sts] == "" || !strings.Contains(string(mod), sts+" "+has[sts]+"\n") {
		t.Errorf("%s %q is not go.mod's", sts, has[sts])
	}
	if has["stdlib"] == "" {
		t.Errorf("no standard library in %v", has)
	}
	if v, ok := has["github.com/go-jose/go-jose/v4"]; ok {
		t.Errorf("go-jose %s is of the tests, and not linked", v)
	}
}

func TestRefusals(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(nil, &stdout, &stderr); code != 2 {
		t.Errorf("no program: %d", code)
	}
	if code := run([]string{os.DevNull}, &stdout, &stderr); code != 1 || stdout.Len() > 0 {
		t.Errorf("no Go program: %d, %q", code, &stdout)
	}
}
