package profile

import "testing"

// The line that a Java SDK refuses, and why. TestSDKsReadTheResult asks the real parsers.
func TestRefusedByJava(t *testing.T) {
	for _, test := range []struct {
		file             string
		line1, line2     int // of v1 and v2; 0: read
		reason1, reason2 string
	}{
		{file: "[default]\nregion = us-east-1\n# a\n\n"},
		{"; a\n[default]\nregion = us-east-1\n", 1, 0, "a ; comment stands before the first section", ""},
		{"\n# a\n; b\n[default]\n", 3, 0, "a ; comment stands before the first section", ""},
		{"[default]\nregion = us-east-1\n# a\n; b\n", 4, 0, "there is no =", ""},
		{"[default]\nregion: us-east-1\n", 2, 2, "there is no =", "there is no ="},
		{"[default]\noutput = json\n region = us-east-1\n", 0, 0, "", ""},
		{"[default]\ns3 =\n  # a\n  max = 1\n", 0, 3, "", "an indented comment stands inside a nested block"},
		{"[default]\ns3 =\n  max = 1\n\n  # a = b\n  other = 2\n", 0, 0, "", ""},
		{"[default]\ns3 =\n  max = 1\n  more = 2\n  # a\n", 0, 5, "", "an indented comment stands inside a nested block"},
		{"[default]\ns3 =\n  max = 1\n  more\n", 4, 4, "there is no =", "an indented comment stands inside a nested block"},
		{"[default]\nrole_arn = x\n  # a\nregion = b\n", 0, 0, "", ""},
		{"[default] x\nregion = a\n", 1, 0, "something stands behind the section's name", ""},
		{"  [default]\nregion = a\n", 0, 1, "", "the section's header is indented"},
	} {
		f, err := parse([]byte(test.file))
		if err != nil {
			t.Fatal(err)
		}
		first := func(refuses func(*section) (int, string)) (int, string) {
			for _, s := range f.sections {
				if line, reason := refuses(s); line > 0 {
					return line, reason
				}
			}
			return 0, ""
		}
		if line, reason := first((*section).refusedByJavaV1); line != test.line1 || reason != test.reason1 {
			t.Errorf("%q: Java v1: line %d, %q", test.file, line, reason)
		}
		if line, reason := first((*section).refusedByJavaV2); line != test.line2 || reason != test.reason2 {
			t.Errorf("%q: Java v2: line %d, %q", test.file, line, reason)
		}
	}
}
