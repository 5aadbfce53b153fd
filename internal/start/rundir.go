package start

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// runDirectory chooses where the refresher keeps what others need to reach it: beside the config file, so that pods with
// homes of their own on one machine stay apart, or the private directory. It is the same at every start, because
// the config file has its path in it.
func (f Found) runDirectory(d settings.Delivery) (string, error) {
	candidates := []string{f.Private}
	if f.Given {
		candidates = []string{handover.Beside(f.Private)}
		if foreignDir(candidates[0]) {
			return "", exit.Because(exit.NoFiles, fmt.Errorf("the refresher's directory %q is open to others", candidates[0]), "remove it, or let ROLE_CHAIN_FILES name another directory")
		}
	} else if !f.Config.elsewhere() {
		if dir := filepath.Dir(f.Config.Path); !sharedDir(dir) && !foreignDir(handover.Beside(dir)) {
			candidates = []string{handover.Beside(dir), f.Private}
		}
	}
	problem := ""
	for _, dir := range candidates {
		switch err := durable.Writable(filepath.Join(dir, handover.DiscoveryName)); {
		case d == settings.Endpoint && !commandWord(dir):
			problem = fmt.Sprintf("%q has characters that a credential_process cannot carry", dir)
		case err != nil && dir != f.Private: // that one is made, or refused, when it is written
			problem = err.Error()
		default:
			return dir, nil
		}
	}
	return "", exit.Because(exit.NoFiles, fmt.Errorf("there is no directory for the refresher's files: %s", problem),
		"set ROLE_CHAIN_FILES, HOME, AWS_CONFIG_FILE or TMPDIR to a path of letters, digits and /_.+=,@:~-")
}

// sharedDir reports whether others can put something into dir before us. One that is not there yet will be our own.
func sharedDir(dir string) bool {
	var st unix.Stat_t
	return unix.Stat(dir, &st) == nil && st.Mode&0o022 != 0
}

// foreignDir reports whether somebody else can put another file in the place of one in dir. Root takes the owner's as it is.
func foreignDir(dir string) bool {
	var st unix.Stat_t
	if unix.Lstat(dir, &st) != nil {
		return false
	}
	me := uint32(os.Geteuid())
	return st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o022 != 0 || me != 0 && st.Uid != me
}

// commandWord reports whether a path can be a word of a credential_process: SDKs split it by rules of their own, botocore by
// Python's shlex, most of them by a shell.
func commandWord(path string) bool {
	for _, c := range []byte(path) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte("/_.+=,@:-", c) < 0 {
			return false
		}
	}
	return strings.HasPrefix(path, "/")
}
