package profile

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// FuzzMerge: whatever the file, either it is refused with a line that it has, or every line that is not ours is still
// there, the chain stands in one section each, and a second start changes nothing.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("[profile default]\nregion = r\n[default]\naws_access_key_id = A\n"))
	f.Add([]byte("\ufeff[default]\r\ns3 =\r\n  a = b\r\n\r\n[profile x]\r\na = b\r\n[profile x]\r\na = c"))
	f.Add([]byte("[default]\n  region = r\n  # c\nrole_arn: x\n\ty = z\n"))
	f.Fuzz(func(t *testing.T, config []byte) {
		merged, notes, err := Merge(config, chained())
		var refused *LineError
		if errors.As(err, &refused) {
			if lines := bytes.Count(config, []byte("\n")) + 1; refused.Line < 1 || refused.Line > lines {
				t.Fatalf("refuses line %d of %d", refused.Line, lines)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := Merge(merged, chained())
		if err != nil || !bytes.Equal(again, merged) {
			t.Fatalf("a second start changes it (%v):\n%q\n%q", err, merged, again)
		}
		if header := strings.Count("\n"+string(merged), "\n[default]"); header != 1 {
			t.Fatalf("[default] stands there %d times:\n%s", header, merged)
		}
		for _, p := range chained() {
			for _, k := range p.Keys {
				if got := Value(merged, p.Name, k.Name); got != k.Value {
					t.Fatalf("[%s] %s is %q:\n%s", p.Name, k.Name, got, merged)
				}
			}
		}
		surviving(t, string(config), string(merged), len(notes) == 0)
	})
}

// surviving checks, knowing no more of the format than a person who reads it, that each line of before which is not
// about credentials or a header that was made one with another is in after: to the byte when nothing was noted, else
// perhaps as a comment or less indented.
func surviving(t *testing.T, before, after string, exact bool) {
	plain := func(line string) string { return strings.TrimSpace(strings.TrimLeft(line, "# \t")) }
	if exact {
		plain = func(line string) string { return line }
	}
	there := map[string]int{}
	for _, line := range strings.Split(after, "\n") {
		there[plain(line)]++
	}
	base := false  // in the base profile, where the region is ours too
	below := false // the line above is ours, and this one is indented
	lines := strings.Split(strings.TrimPrefix(before, "\ufeff"), "\n")
	for i, line := range lines {
		text := strings.TrimSpace(line)
		key, value, _ := cutKey(text)
		switch indented := strings.TrimLeft(line, " \t") != line; {
		case text == "":
			continue
		case text[0] == '[' && strings.Contains(text, "]") && (!below || !indented):
			base, below = strings.Contains(text, "job-execution-role"), false
			continue
		case strings.IndexByte("#;", text[0]) >= 0:
		case credentialKeys[key] || key == "region" && (base || value == ""):
			below = true
			continue
		case below && indented:
			continue
		default:
			below = false
		}
		if i == len(lines)-1 && strings.HasPrefix(after, before) {
			continue // only the end of the line is new
		}
		if there[plain(line)]--; there[plain(line)] < 0 {
			t.Fatalf("%q is lost:\n--- before\n%s\n--- after\n%s", line, before, after)
		}
	}
}
