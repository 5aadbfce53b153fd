package docs

import (
	"strings"
	"testing"
)

// Each release that compatibility.md names is one that spark-conf writes for, and the first one before is not.
func TestReleases(t *testing.T) {
	write := func(release string) (string, error) {
		form := []string{"-for", "emr"}
		if strings.HasPrefix(release, "spark-") {
			form = []string{"-for", "operator"}
		}
		return rolechain(append(append([]string{"spark-conf"}, form...), "-release", release, "-delivery", "endpoint", "-job-role", jobRole, "-client-role", clientRole, "-job-bucket", "jobs-111111111111")...)
	}
	found := 0
	for _, r := range pages(t)["docs/compatibility.md"].rows {
		for _, m := range span.FindAllStringSubmatch(r.cell("release"), -1) {
			found++
			if said, err := write(m[1]); err != nil || strings.Contains(said, "newer than") {
				t.Errorf("%s: %v\n%s", m[1], err, said)
			}
		}
	}
	if found < 12 {
		t.Errorf("only %d releases", found)
	}
	for _, old := range []string{"emr-6.14.0", "spark-3.2"} {
		if _, err := write(old); err == nil {
			t.Errorf("spark-conf writes for %s", old)
		}
	}
}
