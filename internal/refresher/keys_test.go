package refresher

import (
	"testing"

	"rolechain/internal/chain"
)

// STS is not believed blindly: what it says becomes a line of a file.
func TestKeysAreChecked(t *testing.T) {
	for value, want := range map[string]bool{"ASIAX": true, "a/b+c==": true, "": false, "a b": false, "a\nb": false, "a#b": false, "[a]": false, "ü": false, "a;b": false, "\x7f": false} {
		if got := oneWord(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
	err := keysInto(t.TempDir() + "/credentials")(chain.Session{AccessKeyID: "A", SecretAccessKey: "B\n[x]", SessionToken: "C"})
	if err == nil {
		t.Error("a line break got into a file")
	}
}
