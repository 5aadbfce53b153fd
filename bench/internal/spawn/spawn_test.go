package spawn

import (
	"strings"
	"testing"
)

// A start that fails, or that does something else than run the target, is no figure.
func TestSpawnRefuses(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for text, argv := range map[string][]string{
		"exit code 3: why":       {"/bin/sh", "-c", "echo why >&2; exit 3"},
		"signal killed":          {"/bin/sh", "-c", "kill -9 $$"},
		"stdout has 6 bytes":     {"/bin/sh", "-c", "echo hello"},
		"executing \"/nowhere\"": {"/nowhere"},
	} {
		if _, err := s.Spawn(argv, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q gives %v, not %q", argv, err, text)
		}
	}
}
