package start

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// Found is what a plan needs to know of the container besides the settings.
type Found struct {
	Config        Existing // where SDKs look for the config file; Path "" when they have no place to look
	Credentials   Existing // likewise the credentials file, which is only read
	Private       string   // the private directory below the temp dir, for when Config cannot be written
	PrivateConfig Existing // the config file that an earlier start left there
	Pod           settings.Pod
	Target        string // absolute or relative path of the original entrypoint, found on PATH if need be
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

// namespaceFile is where the kubelet mounts the pod's namespace beside its default token.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Look reads what a start of s depends on, and says everything at once that stands in its way. self is the program that
// must not be the original entrypoint ("" for none): Self, or the entrypoint beside rolechain.
func Look(s settings.Settings, self string) (Found, error) {
	var found Found
	var problems [3]error
	found.Target, problems[0] = target(s.Entrypoint, self)
	if s.ClientRole == "" {
		return found, problems[0]
	}
	found.Pod, problems[1] = LookAtToken(s)
	problems[2] = found.lookAtFiles(s.Locations)
	return found, errors.Join(problems[:]...)
}

// target finds the original entrypoint and refuses the program itself, which would exec itself for ever.
func target(name, self string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", targetError(name, err)
	}
	if self == "" {
		return path, nil
	}
	own, ownErr := os.Stat(self)
	other, otherErr := os.Stat(path)
	if ownErr == nil && otherErr == nil && os.SameFile(own, other) {
		return "", exit.Because(exit.BadSetting,
			fmt.Errorf("ROLE_CHAIN_ENTRYPOINT: %q is rolechain's own entrypoint, not the original one", name),
			"set it to the place to which the image's original entrypoint was moved")
	}
	return path, nil
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

// LookAtToken makes sure that the first hop has its token, and reads from it what the session name asks for. It is a part of Look.
func LookAtToken(s settings.Settings) (settings.Pod, error) {
	pod := settings.Pod{Name: s.Locations.Hostname}
	if pod.Name == "" {
		pod.Name, _ = os.Hostname()
	}
	path, hint := s.TokenFile, "annotate the pod's service account with eks.amazonaws.com/role-arn, or set AWS_WEB_IDENTITY_TOKEN_FILE to where the token is mounted"
	if s.FirstHop == settings.PodIdentity {
		path, hint = s.Locations.ContainerTokenFile, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it; the EKS Pod Identity agent's webhook mounts it"
	}
	token, there, err := durable.Read(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "a pod that does not run as root needs securityContext.fsGroup to read it"
	case err == nil && !there:
		err = fmt.Errorf("there is no file %q", path)
	case err == nil && len(strings.TrimSpace(string(token))) == 0:
		err = fmt.Errorf("%q is empty", path)
	}
	if err != nil {
		return pod, exit.Because(exit.NoToken, fmt.Errorf("first hop (%s): the pod's token: %w", s.FirstHop, err), hint)
	}
	if s.SessionName.NeedsToken() {
		pod.Namespace, pod.ServiceAccount = subject(token)
		if namespace, _, _ := durable.Read(namespaceFile); pod.Namespace == "" {
			pod.Namespace = strings.TrimSpace(string(namespace))
		}
	}
	return pod, nil
}

// subject reads the namespace and the service account out of a Kubernetes token's subject,
// system:serviceaccount:NAMESPACE:NAME. The signature is STS's to check.
func subject(token []byte) (namespace, serviceAccount string) {
	parts := strings.Split(strings.TrimSpace(string(token)), ".")
	if len(parts) != 3 {
		return "", ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", ""
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return "", ""
	}
	words := strings.Split(claims.Subject, ":")
	if len(words) != 4 || words[0] != "system" || words[1] != "serviceaccount" {
		return "", ""
	}
	return words[2], words[3]
}

func (f *Found) lookAtFiles(l settings.Locations) error {
	var problems [2]error
	f.Config, problems[0] = existing(place(l.ConfigFile, l.Home, "config"))
	f.Credentials, problems[1] = existing(place(l.CredentialsFile, l.Home, "credentials"))
	if f.Config.Path != "" && f.Config.Unwritable == nil {
		f.Config.Unwritable = durable.Writable(f.Config.Path)
		if err := f.Config.Unwritable; err != nil && !durable.IsUnwritable(err) {
			problems[0] = unusable(err)
		}
	}
	if f.Config.Path == "" || f.Config.Unwritable != nil {
		if err := f.Avoid(l, f.Config.Unwritable); err != nil {
			problems[0] = err
		}
	}
	return errors.Join(problems[:]...)
}

// Avoid turns to the private directory because the config file's own place cannot be written (why is nil when there is no
// such place). When there is no credentials file that SDKs would read, and none was named, theirs is there too.
func (f *Found) Avoid(l settings.Locations, why error) error {
	var problems [2]error
	f.Config.Unwritable = why
	f.Private = durable.PrivateDir(os.TempDir())
	f.PrivateConfig, problems[0] = existing(filepath.Join(f.Private, "config"))
	if l.CredentialsFile == "" && !f.Credentials.Exists {
		f.Credentials, problems[1] = existing(filepath.Join(f.Private, "credentials"))
	}
	return errors.Join(problems[:]...)
}

// place is where an SDK looks for a file of its configuration. A leading ~/ is expanded, as botocore and Java v2 do. What
// the environment names is made absolute, since the job may change its directory.
func place(variable, home, name string) string {
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
