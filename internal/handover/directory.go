package handover

import (
	"os"
	"path/filepath"
	"strings"

	"rolechain/internal/durable"
	"rolechain/internal/settings"
)

// Beside returns the refresher's directory beside a config file in configDir.
func Beside(configDir string) string { return filepath.Join(configDir, "rolechain") }

// mnt is the one volume of EMR's pods that the log shipper does not mount.
const mnt = "/mnt"

// FilesDirectory returns the directory that takes the place of ~/.aws, or "" for none: ROLE_CHAIN_FILES, or, where EMR's
// log shipper has the same home, a private directory below /mnt, if that can be written.
func FilesDirectory(l settings.Locations) (dir string, private bool) {
	if l.Files != "" {
		return l.Files, false
	}
	if st, err := os.Stat(mnt); !l.SharedHome || err != nil || !st.IsDir() {
		return "", false
	}
	if dir = durable.PrivateDir(mnt); durable.Writable(filepath.Join(dir, "config")) != nil {
		return "", false
	}
	return dir, true
}

// RunDirectories lists where the refresher of a start in this environment can have its directory.
func RunDirectories(l settings.Locations) []string {
	var list []string
	if l.Sidecar != "" {
		list = append(list, Beside(l.Sidecar))
	}
	if config := Place(l.ConfigFile, l.Home, "config"); config != "" {
		// In the job's own environment AWS_CONFIG_FILE names the file as it was written, in the private directory too.
		list = append(list, Beside(filepath.Dir(config)), filepath.Dir(config))
	}
	switch dir, private := FilesDirectory(l); {
	case private:
		list = append(list, dir)
	case dir != "":
		list = append(list, Beside(dir))
	}
	return append(list, PrivateDir())
}

// PrivateDir returns the private directory below the temp dir, as an absolute path: the job may change its own.
func PrivateDir() string {
	temp := os.TempDir()
	if absolute, err := filepath.Abs(temp); err == nil {
		temp = absolute
	}
	return durable.PrivateDir(temp)
}

// Place returns where an SDK looks for a file of its configuration: what variable says, or else name in ~/.aws; "" when
// there is no home either. A leading ~/ is expanded, as botocore and Java v2 do. The path is absolute, since the job may
// change its directory.
func Place(variable, home, name string) string {
	path := variable
	if rest, found := strings.CutPrefix(variable, "~/"); found && home != "" {
		path = filepath.Join(home, rest)
	} else if variable == "" && home == "" {
		return ""
	} else if variable == "" {
		path = filepath.Join(home, ".aws", name)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}
