package start

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// The files in the refresher's directory.
const (
	ContactName = "endpoint.json" // how to reach it, and how to do without it
	TokenName   = "token"         // the authorization token alone, for SDKs
)

// runDirectory chooses where the refresher keeps what others need to reach it: beside the config file, so that pods with
// homes of their own on one machine stay apart, or the private directory. It is the same at every start, because
// the config file has its path in it.
func (f Found) runDirectory(d settings.Delivery) (string, error) {
	candidates := []string{f.Private}
	if !f.Config.elsewhere() {
		if dir := filepath.Dir(f.Config.Path); !sharedDir(dir) && !foreignDir(beside(dir)) {
			candidates = []string{beside(dir), f.Private}
		}
	}
	problem := ""
	for _, dir := range candidates {
		switch err := durable.Writable(filepath.Join(dir, ContactName)); {
		case d == settings.Endpoint && !commandWord(dir):
			problem = fmt.Sprintf("%q has characters that a credential_process cannot carry", dir)
		case err != nil && dir != f.Private: // that one is made, or refused, when it is written
			problem = err.Error()
		default:
			return dir, nil
		}
	}
	return "", exit.Because(exit.NoFiles, fmt.Errorf("there is no directory for the refresher's files: %s", problem),
		"set HOME, AWS_CONFIG_FILE or TMPDIR to a path of letters, digits and /_.+=,@:~-")
}

func beside(configDir string) string { return filepath.Join(configDir, "rolechain") }

// RunDirectories lists where the refresher of a start in this environment can have its directory.
func RunDirectories(l settings.Locations) []string {
	var list []string
	if config := place(l.ConfigFile, l.Home, "config"); config != "" {
		// In the job's own environment AWS_CONFIG_FILE names the file as it was written, in the private directory too.
		list = append(list, beside(filepath.Dir(config)), filepath.Dir(config))
	}
	return append(list, privateDir())
}

// Chained returns the refresher's directory when the environment is that of a job with a refresher already, as for a job
// that calls the entrypoint again: what EKS injected is gone, and the variables that the first start has set lead to the
// refresher or to its file.
func Chained(s settings.Settings) (run string, chained bool) {
	if !s.Refreshed() {
		return "", false
	}
	l := s.Locations
	for _, run := range RunDirectories(l) {
		data, _, _ := durable.Read(filepath.Join(run, ContactName))
		var contact struct {
			URL         string `json:"url"`
			Credentials string `json:"credentials"`
		}
		switch {
		case json.Unmarshal(data, &contact) != nil:
		case s.Delivery == settings.Endpoint && contact.URL+uriPath == l.ContainerURI,
			s.Delivery == settings.File && contact.Credentials != "" && contact.Credentials == l.ProfilesFile:
			return run, true
		}
	}
	return "", false
}

// uriPath is the path in AWS_CONTAINER_CREDENTIALS_FULL_URI: package endpoint's, which the entrypoint does not link.
const uriPath = "/credentials"

// sharedDir is whether others can put something into dir before us. One that is not there yet will be our own.
func sharedDir(dir string) bool {
	var st unix.Stat_t
	return unix.Stat(dir, &st) == nil && st.Mode&0o022 != 0
}

// foreignDir is whether somebody else can put another file in the place of one in dir. Root takes the owner's as it is.
func foreignDir(dir string) bool {
	var st unix.Stat_t
	if unix.Lstat(dir, &st) != nil {
		return false
	}
	me := uint32(os.Geteuid())
	return st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o022 != 0 || me != 0 && st.Uid != me
}

// commandWord is whether a path can be a word of a credential_process: SDKs split it by rules of their own, botocore by
// Python's shlex, most of them by a shell.
func commandWord(path string) bool {
	for _, c := range []byte(path) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte("/_.+=,@:-", c) < 0 {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}
