package ststest

import "testing"

func TestStringLike(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b:c", true}, {"a*", "a", true}, {"a*", "ba", false},
		{"*c", "abc", true}, {"*c", "abcd", false}, {"a*c*e", "abcde", true}, {"a*c*e", "aced", false}, {"a*bc", "abbbc", true},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"a?c", "abbc", false}, {"?", "ü", true}, {"*a*", "bbb", false}, {"**", "x", true},
		{"system:serviceaccount:emr:*", "system:serviceaccount:emr2:x", false}, {"A", "a", false}, {"a.c", "abc", false}, {"[a]", "a", false},
	} {
		if got := like([]string{c.pattern}, c.text); got != c.want {
			t.Errorf("%q like %q: %v", c.text, c.pattern, got)
		}
	}
	if like(nil, "") || !like([]string{"a", "b"}, "b") {
		t.Error("a list must match by any of its members")
	}
}
