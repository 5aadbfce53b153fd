package start

import (
	"testing"

	"rolechain/internal/settings"
)

// Only a file with something of somebody else's in it is worth the wait for the disk.
func TestOwnFiles(t *testing.T) {
	s, f := withRefresher(settings.Endpoint)
	endpoint := plan(t, s, f)
	for _, test := range []struct {
		name                string
		config, credentials string
		want                bool
	}{
		{"new files", "", "", true},
		{"those of an earlier start", "[default]\nrole_arn = x\n\n[profile job-execution-role]\ncredential_process = old\n", "[default]\naws_access_key_id = A\n", true},
		{"a profile", "[profile dev]\nregion = x\n", "[dev]\naws_access_key_id = A\n", false},
		{"a key", "[default]\noutput = json\n", "[default]\noutput = json\n", false},
		{"the user's region", "[default]\nregion = us-west-2\n", "[default]\nregion = us-west-2\n", false},
		{"a comment", "# mine\n", "# mine\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f
			f.Config.Exists, f.Config.Data = test.config != "", []byte(test.config)
			f.Credentials.Exists, f.Credentials.Data = test.credentials != "", []byte(test.credentials)
			p := plan(t, s, f)
			if len(p.Files) != len(endpoint.Files) {
				t.Fatalf("%d files, want %d", len(p.Files), len(endpoint.Files))
			}
			for _, file := range p.Files {
				if file.Own != test.want {
					t.Errorf("%s: own is %v after\n%s", file.Path, file.Own, file.After)
				}
			}
		})
	}
}
