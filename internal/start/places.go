package start

import (
	"errors"
	"fmt"
	"path/filepath"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// Existing is a file, or the lack of one.
type Existing struct {
	Path       string
	Exists     bool
	Data       []byte
	Unwritable error // why it cannot be written; nil when it can, or was not asked
	Moved      bool  // it is not to be written, whether it can or not: what stands in it goes along
}

func (f *Found) lookAtFiles(s settings.Settings) error {
	l := s.Locations
	f.Private = handover.PrivateDir()
	var problems [2]error
	dir, private := handover.FilesDirectory(l)
	if dir != "" {
		f.Private, f.Given = dir, !private
	}
	f.Config, problems[0] = existing(handover.Place(l.ConfigFile, l.Home, "config"))
	f.Credentials, problems[1] = existing(handover.Place(l.CredentialsFile, l.Home, "credentials"))
	f.Config.Moved = dir != "" && l.ConfigFile == ""
	f.Credentials.Moved = dir != "" && l.CredentialsFile == ""
	if problems[0] == nil {
		problems[0] = f.Config.look()
	}
	if problems[1] == nil && s.Refreshed() {
		problems[1] = f.Credentials.look()
	}
	if err := errors.Join(problems[:]...); err != nil {
		return err
	}
	if s.Refreshed() && sameFile(f.Config, f.Credentials) {
		return exit.Because(exit.BadSetting, fmt.Errorf("AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name the same file, %q", f.Credentials.Path),
			"their profiles have different forms in the two: name two files, or neither")
	}
	return f.settle(s)
}

// sameFile reports whether two places are one, by name or by links.
func sameFile(a, b Existing) bool {
	if a.Path == "" || b.Path == "" {
		return false
	}
	return a.Path == b.Path || isSame(a.Path, b.Path)
}

// look asks whether e can be written.
func (e *Existing) look() error {
	if e.elsewhere() {
		return nil
	}
	e.Unwritable = durable.Writable(e.Path)
	if err := e.Unwritable; err != nil && !durable.IsUnwritable(err) {
		return unusable(err)
	}
	return nil
}

// elsewhere reports whether e goes to another place than its own.
func (e Existing) elsewhere() bool { return e.Path == "" || e.Moved || e.Unwritable != nil }

// Avoid turns to the private directory because a file's own place turned out not to take it.
func (f *Found) Avoid(s settings.Settings, why error) error {
	if f.Given {
		return exit.Because(exit.NoFiles, why, "ROLE_CHAIN_FILES must name a directory that the container's user can write")
	}
	f.Private = handover.PrivateDir()
	f.Config.Unwritable = why
	if s.Refreshed() {
		f.Credentials.Unwritable = why
	}
	return f.settle(s)
}

// settle looks at what stands where the files go instead of their own places, and chooses the refresher's directory.
// When profile delivery's config file goes elsewhere, and there is no credentials file that SDKs would read, and none was
// named, theirs is there too.
func (f *Found) settle(s settings.Settings) error {
	var problems [3]error
	if f.Config.elsewhere() {
		f.PrivateConfig, problems[0] = existing(filepath.Join(f.Private, "config"))
	}
	switch {
	case s.Refreshed() && f.Credentials.elsewhere():
		f.PrivateCredentials, problems[1] = existing(filepath.Join(f.Private, "credentials"))
	case !s.Refreshed() && f.Config.elsewhere() && s.Locations.CredentialsFile == "" && !f.Credentials.Exists:
		f.PrivateCredentials, problems[1] = existing(filepath.Join(f.Private, "credentials"))
		f.ReadsPrivate = true
	}
	switch {
	case s.Locations.Sidecar != "":
		f.Run, problems[2] = sidecarDirectory(s.Locations.Sidecar)
	case s.Refreshed():
		f.Run, problems[2] = f.runDirectory(s.Delivery)
	}
	return errors.Join(problems[:]...)
}

// existing reads a file that may not be there. One that this user may not read is as good as none, and not writable.
func existing(path string) (Existing, error) {
	e := Existing{Path: path}
	if path == "" {
		return e, nil
	}
	var err error
	e.Data, e.Exists, err = durable.Read(path)
	if durable.IsUnwritable(err) {
		e.Unwritable = err
		return e, nil
	}
	if err != nil {
		return e, unusable(err)
	}
	return e, nil
}

func unusable(err error) error {
	return exit.Because(exit.NoFiles, err, "AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE must name regular files; unset, they are $HOME/.aws/config and $HOME/.aws/credentials")
}
