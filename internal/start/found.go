package start

import (
	"errors"

	"rolechain/internal/settings"
)

// Found is what a plan needs to know of the container besides the settings.
type Found struct {
	Config             Existing // where SDKs look for the config file; Path "" when they have no place to look
	Credentials        Existing // likewise the credentials file, which profile delivery only reads
	Private            string   // where a file goes that cannot be written in its own place, or is not to be
	Given              bool     // Private is ROLE_CHAIN_FILES: it is taken as it is, and not made a private directory
	PrivateConfig      Existing // the config file that an earlier start left there
	PrivateCredentials Existing // likewise
	ReadsPrivate       bool     // SDKs read PrivateCredentials, which profile delivery does not write, in Credentials' place
	Run                string   // the refresher's directory; "" when there is to be none
	Pod                settings.Pod
	Target             string // absolute or relative path of the original entrypoint, found on PATH if need be
	Rolechain          string // absolute path of the program rolechain; "" when nothing needs it
}

// read is the credentials file that SDKs find in profile delivery.
func (f *Found) read() *Existing {
	if f.ReadsPrivate {
		return &f.PrivateCredentials
	}
	return &f.Credentials
}

// Self is the running program's own file, for Look.
const Self = "/proc/self/exe"

// Look reads what a start of s depends on, and says everything at once that stands in its way. self is the program that
// must not be the original entrypoint ("" for none): Self, or the entrypoint beside rolechain.
func Look(s settings.Settings, self string) (Found, error) {
	var found Found
	var problems [5]error
	found.Target, problems[0] = target(s.Entrypoint, self)
	if s.ClientRole == "" {
		return found, problems[0]
	}
	if s.Locations.Sidecar == "" {
		found.Pod, problems[1] = LookAtToken(s)
	}
	problems[2] = found.lookAtFiles(s)
	if s.Waits() {
		found.Rolechain, problems[3] = companion()
	}
	if s.PolicyFile != "" {
		_, problems[4] = SessionPolicy(s)
	}
	return found, errors.Join(problems[:]...)
}
