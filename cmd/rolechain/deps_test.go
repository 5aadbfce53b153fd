package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rolechain/internal/buildtest"
)

// The program has the AWS SDK for STS and S3, a YAML library for jobs that exist, and little else.
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

// A start of any command pays for what the packages do before main, `rolechain credentials` each time that an SDK asks: the SDK's
// client for SQS would take it from 0.84 MB to 1.08 MB, those for KMS and Glue to 3.8 MB, and from 5 ms to 14 ms. Bytes do not
// depend on the machine's load.
func TestBeforeMain(t *testing.T) {
	buildtest.SkipUnderRace(t)
	dir := t.TempDir()
	if err := buildtest.Programs(dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "rolechain"), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, m := range regexp.MustCompile(`(?m)^init .* (\d+) bytes, `).FindAllStringSubmatch(trace.String(), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum < 200_000 || sum > 1_000_000 {
		t.Errorf("packages allocate %d bytes before main:\n%s", sum, &trace)
	}
}
