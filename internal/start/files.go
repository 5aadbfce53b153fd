package start

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/profile"
	"rolechain/internal/settings"
)

// eachSession stands in a plan, for people, where the refresher writes the keys of a session. It never gets into a file.
const eachSession = "OF_EACH_SESSION"

// writeConfig plans the config file and returns where it is.
func (p *Plan) writeConfig(s settings.Settings, found Found, profiles []profile.Profile) (path string, err error) {
	merged, notes, err := profile.Merge(found.Config.Data, profiles)
	if err != nil {
		return "", notEditable(found.Config, err, "AWS_CONFIG_FILE")
	}
	p.note(found.Config, notes)
	p.warnOfRegion(s, found, merged)
	return p.put("config", found.Config, found.PrivateConfig, found, File{After: merged, Own: own(merged, profile.Merge, profiles)}), nil
}

// writeCredentials plans the credentials file and returns where it is. What stands in it under a name of the chain's, but
// is not written here, would come before the chain.
func (p *Plan) writeCredentials(s settings.Settings, found Found, profiles []profile.Profile) (path string, err error) {
	ours, others := profiles, []profile.Profile(nil)
	if s.Delivery == settings.File {
		ours, others = []profile.Profile{profile.Session(eachSession, eachSession, eachSession)}, profiles[1:] // the first is [default]
	}
	clean := profile.Withdraw(found.Credentials.Data, ownProcess)
	merged, notes, err := profile.MergeCredentials(clean, ours)
	if err == nil {
		_, err = profile.CheckCredentials(merged, others)
	}
	if err != nil {
		return "", notEditable(found.Credentials, err, "AWS_SHARED_CREDENTIALS_FILE")
	}
	// Temporary keys are those that an earlier start wrote, most likely.
	if s.Delivery == settings.Endpoint || !strings.HasPrefix(profile.Value(found.Credentials.Data, "default", "aws_access_key_id"), "ASIA") {
		p.note(found.Credentials, notes)
	}
	file := File{After: merged, Own: own(merged, profile.MergeCredentials, ours), ByRefresher: s.Delivery == settings.File}
	if !bytes.Equal(clean, found.Credentials.Data) {
		file.Seed = clean
	}
	return p.put("credentials", found.Credentials, found.PrivateCredentials, found, file), nil
}

// own reports whether merge makes data of nothing too, so that nothing in it is anybody else's.
func own(data []byte, merge func([]byte, []profile.Profile) ([]byte, []string, error), profiles []profile.Profile) bool {
	fresh, _, err := merge(nil, profiles)
	return err == nil && bytes.Equal(fresh, data)
}

func notEditable(e Existing, err error, variable string) error {
	return exit.Because(exit.NoFiles, fmt.Errorf("%q cannot be edited safely: %w", e.Path, err),
		"correct that line, or point "+variable+" to another file")
}

func (p *Plan) note(e Existing, notes []string) {
	for _, note := range notes {
		p.Warnings = append(p.Warnings, settings.Warning{Text: e.Path + ": " + note})
	}
}

// put plans a file where the SDKs look for it, or, when it is not to be there or cannot, in the other directory, with everything
// that stands in the original, so that no profile of the user's is lost. It returns the path.
func (p *Plan) put(kind string, own, private Existing, found Found, f File) string {
	f.Path, f.Exists, f.Before = own.Path, own.Exists, own.Data
	if own.Moved || !f.stands() && own.elsewhere() {
		f.Path, f.Exists, f.Before, f.Private = filepath.Join(found.Private, kind), private.Exists, private.Data, !found.Given
		if f.Seed == nil {
			f.Seed = own.Data
		}
		if own.Unwritable != nil {
			p.Warnings = append(p.Warnings, settings.Warning{
				Text: fmt.Sprintf("the %s file goes to %q, because its own place cannot be written: %v", kind, f.Path, own.Unwritable)})
		}
	}
	p.Kept = append(p.Kept, f.Path)
	if !f.stands() {
		p.Files = append(p.Files, f)
	}
	return f.Path
}

// stands reports whether the file has its content already.
func (f File) stands() bool { return f.Exists && !f.ByRefresher && bytes.Equal(f.Before, f.After) }

// ownProcess reports whether process is the credential process of endpoint delivery, whatever program and directory it names.
func ownProcess(process string) bool {
	words := strings.Fields(process)
	return len(words) == 4 && filepath.Base(words[0]) == "rolechain" && words[1] == "credentials"
}

// withdraw takes out of the credentials file what an earlier start in endpoint delivery has left there: nothing else of it
// is profile delivery's to touch.
func (p *Plan) withdraw(found *Found) {
	e := found.read()
	after := profile.Withdraw(e.Data, ownProcess)
	if bytes.Equal(after, e.Data) || e.Unwritable != nil {
		return
	}
	p.Files = append(p.Files, File{Path: e.Path, Exists: true, Before: e.Data, After: after, Own: len(after) == 0})
	p.Kept = append(p.Kept, e.Path)
	e.Data = after
}

// processes are the profiles of endpoint delivery.
func processes(s settings.Settings, found Found) ([]profile.Profile, error) {
	if !commandWord(found.Rolechain) {
		return nil, exit.Because(exit.BadSetting, fmt.Errorf("the program %q has characters in its path that a credential_process cannot carry", found.Rolechain),
			"put both programs into a directory of letters, digits and /_.+=,@:-")
	}
	return profile.Processes(s, func(name string) string {
		return found.Rolechain + " credentials " + found.Run + " " + name
	}), nil
}

// warnOfRegion warns when there is no region, and when SDKs that do not see it in their variables find another one in the
// file.
func (p *Plan) warnOfRegion(s settings.Settings, found Found, merged []byte) {
	stands := profile.Value(merged, "default", "region")
	if s.Region == "" && profile.Value(found.Config.Data, "default", "region") == "" && profile.Value(found.read().Data, "default", "region") == "" {
		if w, ok := settings.NoRegion(s.ClientRole); ok {
			p.Warnings = append(p.Warnings, w)
		}
	}
	if s.Region == "" || s.RegionVariables || stands == s.Region {
		return
	}
	p.Warnings = append(p.Warnings, settings.Warning{
		Text: fmt.Sprintf("[default] in %q keeps its region %q, although the environment says %q", found.Config.Path, stands, s.Region),
		Hint: "set both AWS_REGION and AWS_DEFAULT_REGION: boto3 reads only the second, most other SDKs only the first"})
}

// checkCredentials looks at the credentials file, which this delivery does not touch, for what would come before the
// chain or keep SDKs from reading anything.
func (p *Plan) checkCredentials(found Found, profiles []profile.Profile) error {
	file := found.read()
	warning, err := profile.CheckCredentials(file.Data, profiles)
	if err != nil {
		return exit.Because(exit.NoFiles, fmt.Errorf("the role chain cannot work beside %q: %w", file.Path, err),
			"correct that file, or point AWS_SHARED_CREDENTIALS_FILE to another; ROLE_CHAIN_BASE_PROFILE gives the base profile another name")
	}
	if warning != "" {
		p.Warnings = append(p.Warnings, settings.Warning{Text: file.Path + ": " + warning, Hint: "remove [default] from that file"})
	}
	return nil
}
