package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The program has the AWS SDK for STS, a YAML library for jobs that exist, and little else.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"rolechain": true, "github.com/aws/smithy-go": true, "github.com/kelseyhightower/envconfig": true, "github.com/rogpeppe/go-internal": true, "golang.org/x/sys": true, "go.yaml.in/yaml/v3": true,
		"golang.org/x/net": true, "golang.org/x/text": true} // httpproxy, and what it takes to compare names of hosts
	seen := map[string]bool{}
	for _, module := range strings.Fields(string(out)) {
		if !want[module] && module != "github.com/aws/aws-sdk-go-v2" && !strings.HasPrefix(module, "github.com/aws/aws-sdk-go-v2/") {
			t.Errorf("rolechain links %s; if it must, say why in docs/decisions.md", module)
		}
		seen[module] = true
	}
	for module := range want {
		if !seen[module] {
			t.Errorf("%s is not linked; take it off the list", module)
		}
	}
}
