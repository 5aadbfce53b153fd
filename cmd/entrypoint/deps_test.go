package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The entrypoint starts in milliseconds because of what it does not link: no service client of an AWS SDK, no net/http.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"github.com/aws/aws-sdk-go-v2/aws/arn",
		"github.com/kelseyhightower/envconfig",
		"golang.org/x/sys/unix",
	}
	heavy := []string{"net", "net/http", "crypto/tls", "encoding/gob", "encoding/xml", "html/template", "testing"}
	seen := 0
	for _, p := range strings.Fields(string(out)) {
		first, _, _ := strings.Cut(p, "/")
		switch {
		case slices.Contains(heavy, p):
			t.Errorf("the entrypoint links %s", p)
		case !strings.Contains(first, ".") || strings.HasPrefix(p, "vendor/"):
		case slices.Contains(allowed, p):
			seen++
		default:
			t.Errorf("the entrypoint links %s; if it must, say why in docs/decisions.md", p)
		}
	}
	if seen != len(allowed) {
		t.Errorf("it links %d of the %d packages allowed; take the others off the list", seen, len(allowed))
	}
}
