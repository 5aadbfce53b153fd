package start

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// Found is what a plan needs to know of the container besides the settings.
type Found struct {
	Config             Existing // where SDKs look for the config file; Path "" when they have no place to look
	Credentials        Existing // likewise the credentials file, which profile delivery only reads
	Private            string   // the private directory below the temp dir, for what cannot be written in its own place
	PrivateConfig      Existing // the config file that an earlier start left there
	PrivateCredentials Existing // likewise; of profile delivery that is Credentials
	Run                string   // the refresher's directory; "" when there is to be none
	Pod                settings.Pod
	Target             string // absolute or relative path of the original entrypoint, found on PATH if need be
	Rolechain          string // absolute path of the program rolechain; "" when nothing needs it
}

// Existing is a file, or the lack of one.
type Existing struct {
	Path       string
	Exists     bool
	Data       []byte
	Unwritable error // why it cannot be written; nil when it can, or was not asked
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
	found.Pod, problems[1] = LookAtToken(s)
	problems[2] = found.lookAtFiles(s)
	if s.Waits() {
		found.Rolechain, problems[3] = companion()
	}
	if s.PolicyFile != "" {
		_, problems[4] = SessionPolicy(s)
	}
	return found, errors.Join(problems[:]...)
}

// movedName is the name under which an image's original entrypoint lies beside ours, when ours has taken its place.
const movedName = "original"

// target finds the original entrypoint. Where that is the program itself, which would exec itself for ever, it is the
// original that was moved beside it, if there is one.
func target(name, self string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", targetError(name, err)
	}
	if self == "" || !isSelf(path, self) {
		return path, nil
	}
	if own, err := filepath.EvalSymlinks(self); err == nil {
		moved := filepath.Join(filepath.Dir(own), movedName)
		switch _, err := exec.LookPath(moved); {
		case err == nil && !isSelf(moved, self):
			return moved, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", targetError(moved, err)
		}
	}
	return "", exit.Because(exit.BadSetting,
		fmt.Errorf("ROLE_CHAIN_ENTRYPOINT: %q is rolechain's own entrypoint, not the original one", name),
		"set it to the place to which the image's original entrypoint was moved, or move that beside rolechain's as \""+movedName+"\"")
}

// isSelf is whether path leads to the program self. An emulator (qemu, for another architecture) answers in its place when
// the link in /proc is read, but not when what it leads to is asked for.
func isSelf(path, self string) bool {
	own, err := filepath.EvalSymlinks(self)
	return isSame(path, self) || err == nil && isSame(path, own)
}

// isSame is whether two paths lead to one file.
func isSame(one, other string) bool {
	a, err1 := os.Stat(one)
	b, err2 := os.Stat(other)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

func targetError(name string, err error) error {
	const hint = "ROLE_CHAIN_ENTRYPOINT says where the image's original entrypoint is; arguments belong in the container's command"
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		return exit.Because(exit.NotFound, fmt.Errorf("the original entrypoint %q is not there", name), hint)
	}
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		err = lookup.Err
	}
	return exit.Because(exit.CannotExec, fmt.Errorf("the original entrypoint %q cannot be executed: %w", name, err), hint)
}

func (f *Found) lookAtFiles(s settings.Settings) error {
	l := s.Locations
	f.Private = handover.PrivateDir()
	var problems [2]error
	f.Config, problems[0] = existing(handover.Place(l.ConfigFile, l.Home, "config"))
	f.Credentials, problems[1] = existing(handover.Place(l.CredentialsFile, l.Home, "credentials"))
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

// sameFile is whether two places are one, by name or by links.
func sameFile(a, b Existing) bool {
	if a.Path == "" || b.Path == "" {
		return false
	}
	return a.Path == b.Path || isSame(a.Path, b.Path)
}

// look asks whether e can be written.
func (e *Existing) look() error {
	if e.Path == "" || e.Unwritable != nil {
		return nil
	}
	e.Unwritable = durable.Writable(e.Path)
	if err := e.Unwritable; err != nil && !durable.IsUnwritable(err) {
		return unusable(err)
	}
	return nil
}

// elsewhere is whether e's own place is none that can be written.
func (e Existing) elsewhere() bool { return e.Path == "" || e.Unwritable != nil }

// Avoid turns to the private directory because a file's own place turned out not to take it.
func (f *Found) Avoid(s settings.Settings, why error) error {
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
		f.Credentials, problems[1] = existing(filepath.Join(f.Private, "credentials"))
	}
	if s.Refreshed() {
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
