package suitetest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"rolechain/internal/suitetest"
)

func TestChoose(t *testing.T) {
	all := []string{"ab", "ac", "bc"}
	has := func(item, name string) bool { return strings.Contains(item, name) }
	for _, c := range []struct {
		one, other suitetest.Names
		want       string
	}{
		{nil, nil, "ab ac bc"},
		{suitetest.Names{"a"}, nil, "ab ac"},
		{suitetest.Names{"ab", "bc"}, nil, "ab bc"},
		{suitetest.Names{"a"}, suitetest.Names{"c"}, "ac"},
	} {
		got, err := suitetest.Choose(all, suitetest.Filter[string]{Names: c.one, Has: has}, suitetest.Filter[string]{Names: c.other, Has: has})
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%v, %v: %v, %v", c.one, c.other, got, err)
		}
	}
	if _, err := suitetest.Choose(all, suitetest.Filter[string]{Names: suitetest.Names{"a", "x"}, Has: has}); err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("a name that selects nothing: %v", err)
	}
	if _, err := suitetest.Choose(all, suitetest.Filter[string]{Names: suitetest.Names{"ab"}, Has: has}, suitetest.Filter[string]{Names: suitetest.Names{"bc"}, Has: has}); err == nil {
		t.Error("an empty choice passes")
	}
	of := func(asked bool, name string) ([]string, error) {
		return suitetest.Choose(all, suitetest.Only(asked, func(item string) bool { return item == "ab" }), suitetest.Filter[string]{Names: suitetest.Names{name}, Has: has})
	}
	for asked, want := range map[bool]string{false: "ab bc", true: "ab"} {
		if got, err := of(asked, "b"); strings.Join(got, " ") != want || err != nil {
			t.Errorf("only a part, %v: %v, %v", asked, got, err)
		}
	}
	if got, err := of(true, "bc"); err == nil {
		t.Errorf("nothing of the part passes: %v", got)
	}
	if !slices.Equal(all, []string{"ab", "ac", "bc"}) {
		t.Errorf("the list was changed: %v", all)
	}
}

func TestNames(t *testing.T) {
	var n suitetest.Names
	for _, value := range []string{"a,b", "c d"} {
		if err := n.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	if n.String() != "a,b,c,d" {
		t.Errorf("%q", n)
	}
}

// TestClose: the last line counts, and one failure makes the suite fail.
func TestClose(t *testing.T) {
	var out bytes.Buffer
	if suitetest.Close(&out, time.Now(), 2, 1, 0) || !strings.HasSuffix(out.String(), "\n2 passed, 1 failed, 0 skipped\n") {
		t.Errorf("%s", &out)
	}
	if !suitetest.Close(&out, time.Now(), 2, 0, 1) {
		t.Error("no failure counts as one")
	}
}
