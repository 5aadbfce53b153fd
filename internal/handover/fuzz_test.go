package handover

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzDiscovery: whatever is in a discovery file, it is refused without being repeated, or read; and what was read is the
// same after it was written.
func FuzzDiscovery(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", "[]", `{"url":"http://127.0.0.1:1","token":"t","paths":{"default":"/credentials"},"roles":{"default":"r"},"host":"h","chain":{"a":1}}`,
		`{"url":1}`, `{"token":"` + strings.Repeat("t", 100), `{"chain":nul}`, `{"chain":null}`, `{"paths":{"":""}}`, "\xff\xfe{\x00}\x00", `{"url":"x","url":"y"}`, `{"chain":"\u2028<&"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run := t.TempDir()
		if err := os.WriteFile(filepath.Join(run, DiscoveryName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := ReadDiscovery(run)
		if err != nil {
			if len(data) >= 12 && strings.Contains(err.Error(), string(data)) {
				t.Errorf("the error repeats the file: %v", err)
			}
			if !reflect.DeepEqual(d, Discovery{}) {
				t.Errorf("half a file is used: %+v", d)
			}
			return
		}
		if err := d.Write(run); err != nil {
			t.Fatal(err)
		}
		again, err := ReadDiscovery(run)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Write(run); err != nil {
			t.Fatal(err)
		}
		third, err := ReadDiscovery(run)
		if err != nil || !reflect.DeepEqual(again, third) || again.URL != d.URL || again.Token != d.Token || len(again.Paths) != len(d.Paths) {
			t.Errorf("%+v became %+v, %+v, %v", d, again, third, err)
		}
	})
}
