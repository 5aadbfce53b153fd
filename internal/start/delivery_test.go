package start

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// withRefresher is what Look finds for a delivery with a refresher.
func withRefresher(d settings.Delivery) (settings.Settings, Found) {
	s, f := asked(), found()
	s.Delivery, s.KeepSources = d, false
	f.Run, f.Rolechain, f.Private = "/home/.aws/rolechain", "/opt/rolechain/rolechain", "/tmp/rolechain-1"
	return s, f
}

func set(p Plan) map[string]string {
	m := map[string]string{}
	for _, v := range p.Set {
		m[v.Name] = v.Value
	}
	return m
}

func TestEndpointPlan(t *testing.T) {
	s, f := withRefresher(settings.Endpoint)
	p := plan(t, s, f, "AWS_ROLE_ARN=r", "AWS_CONTAINER_CREDENTIALS_FULL_URI=u", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=", "AWS_SDK_LOAD_CONFIG=1")
	if len(p.Files) != 2 || p.Files[0].Path != "/home/.aws/config" || p.Files[1].Path != "/home/.aws/credentials" || p.Files[1].ByRefresher ||
		!strings.Contains(string(p.Files[0].After), "[profile job-execution-role]\ncredential_process = /opt/rolechain/rolechain credentials /home/.aws/rolechain job-execution-role\n") ||
		!strings.HasPrefix(string(p.Files[1].After), "[default]\ncredential_process = /opt/rolechain/rolechain credentials /home/.aws/rolechain default\n") {
		t.Errorf("%+v", p.Files)
	}
	if want := []string{"rolechain", "refresh", "-run", "/home/.aws/rolechain"}; p.Refresher == nil || p.Refresher.Path != "/opt/rolechain/rolechain" || !slices.Equal(p.Refresher.Args, want) || p.Refresher.Private != "" {
		t.Errorf("%+v", p.Refresher)
	}
	if !slices.Equal(p.Unset, []string{"AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}) {
		t.Errorf("unset %v", p.Unset)
	}
	if _, there := set(p)["AWS_SDK_LOAD_CONFIG"]; there { // it is so already
		t.Errorf("set %v", p.Set)
	}
	p.Started(handover.Ready{URI: "http://127.0.0.1:4711/credentials", Token: "secret"})
	if got := set(p); got["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != "http://127.0.0.1:4711/credentials" || got["AWS_CONTAINER_AUTHORIZATION_TOKEN"] != "secret" || got["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] != "/home/.aws/rolechain/token" {
		t.Errorf("set %v", got)
	}
}

// What is kept, and what the metadata service's variables are, in each delivery with a refresher.
func TestRefreshedEnvironment(t *testing.T) {
	env := []string{"AWS_ROLE_ARN=r", "AWS_PROFILE=p", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI=u", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=f"}
	for _, test := range []struct {
		name     string
		delivery settings.Delivery
		change   func(*settings.Settings)
		unset    string
		metadata bool // closed
		uri      string
	}{
		{"file", settings.File, nil, "AWS_ROLE_ARN AWS_PROFILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", true, ""},
		{"file with Pod Identity", settings.File, func(s *settings.Settings) { s.FirstHop = settings.PodIdentity }, "AWS_ROLE_ARN AWS_PROFILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", true, ""},
		{"endpoint with Pod Identity", settings.Endpoint, func(s *settings.Settings) { s.FirstHop = settings.PodIdentity }, "AWS_ROLE_ARN AWS_PROFILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", true, shownURI},
		{"file, kept", settings.File, func(s *settings.Settings) { s.KeepSources = true }, "", true, ""},
		{"endpoint, kept", settings.Endpoint, func(s *settings.Settings) { s.KeepSources = true }, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", true, shownURI},
		{"endpoint, metadata service open", settings.Endpoint, func(s *settings.Settings) { s.AllowIMDS = true }, "AWS_ROLE_ARN AWS_PROFILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", false, shownURI},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, f := withRefresher(test.delivery)
			if test.change != nil {
				test.change(&s)
			}
			p := plan(t, s, f, env...)
			got := set(p)
			if strings.Join(p.Unset, " ") != test.unset || (got["AWS_EC2_METADATA_DISABLED"] == "true") != test.metadata || (got["AWS_METADATA_ENDPOINT"] == closedPort) != test.metadata || got["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != test.uri {
				t.Errorf("unset %v, set %v", p.Unset, got)
			}
			if got["AWS_CONFIG_FILE"] != "/home/.aws/config" || got["AWS_SHARED_CREDENTIALS_FILE"] != "/home/.aws/credentials" || got["AWS_CREDENTIAL_PROFILES_FILE"] != "/home/.aws/credentials" || got["AWS_SDK_LOAD_CONFIG"] != "1" {
				t.Errorf("set %v", got)
			}
		})
	}
}

// A credentials file that cannot be written moves with all that is in it, and the refresher writes it there.
func TestFilePlan(t *testing.T) {
	s, f := withRefresher(settings.File)
	f.Credentials.Exists, f.Credentials.Data, f.Credentials.Unwritable = true, []byte("[dev]\naws_access_key_id = A\n"), syscall.EROFS
	p := plan(t, s, f)
	if len(p.Files) != 2 {
		t.Fatalf("%+v", p.Files)
	}
	file := p.Files[1]
	if file.Path != "/tmp/rolechain-1/credentials" || !file.Private || !file.ByRefresher || string(file.Seed) != "[dev]\naws_access_key_id = A\n" || !strings.HasSuffix(string(file.After), "[default]\naws_access_key_id = OF_EACH_SESSION\naws_secret_access_key = OF_EACH_SESSION\naws_session_token = OF_EACH_SESSION\n") {
		t.Errorf("%+v", file)
	}
	if want := []string{"rolechain", "refresh", "-run", "/home/.aws/rolechain", "-credentials", "/tmp/rolechain-1/credentials"}; !slices.Equal(p.Refresher.Args, want) {
		t.Errorf("%v", p.Refresher.Args)
	}
	if got := set(p); got["AWS_CONFIG_FILE"] != "/home/.aws/config" || got["AWS_SHARED_CREDENTIALS_FILE"] != "/tmp/rolechain-1/credentials" {
		t.Errorf("%v", got)
	}
}

func TestDeliveriesRefuse(t *testing.T) {
	for _, test := range []struct {
		name     string
		delivery settings.Delivery
		found    func(*Found)
		code     exit.Code
		text     string
	}{
		{"a program that no command can name", settings.Endpoint, func(f *Found) { f.Rolechain = "/opt/my tools/rolechain" }, exit.BadSetting, `"/opt/my tools/rolechain"`},
		{"a credentials file that cannot be edited", settings.Endpoint, func(f *Found) { f.Credentials.Data = []byte("x\n") }, exit.NoFiles, `"/home/.aws/credentials" cannot be edited safely: line 1`},
		{"keys under the base profile's name", settings.File, func(f *Found) { f.Credentials.Data = []byte("[job-execution-role]\naws_access_key_id = A\n") }, exit.NoFiles, "line 2: aws_access_key_id in [job-execution-role]"},
	} {
		s, f := withRefresher(test.delivery)
		test.found(&f)
		_, err := Make(s, f, nil, nil)
		if exit.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) || exit.HintOf(err) == "" {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The refresher's directory is beside the config file when only its user can have made it, else in the private one.
func TestRunDirectory(t *testing.T) {
	temp := t.TempDir()
	own, shared, odd, sealed := filepath.Join(temp, "own"), filepath.Join(temp, "shared"), filepath.Join(temp, "with blank"), filepath.Join(temp, "file")
	for path, mode := range map[string]os.FileMode{own: 0o700, shared: 0o777, odd: 0o700} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(sealed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		config, private string
		delivery        settings.Delivery
		want            string // "" for an error
	}{
		{own + "/config", temp + "/p", settings.Endpoint, own + "/rolechain"},
		{own + "/new/config", temp + "/p", settings.Endpoint, own + "/new/rolechain"},
		{shared + "/config", temp + "/p", settings.Endpoint, temp + "/p"},
		{odd + "/config", temp + "/p", settings.Endpoint, temp + "/p"},
		{odd + "/config", temp + "/p", settings.File, odd + "/rolechain"},
		{odd + "/config", temp + "/p q", settings.Endpoint, ""},
		{sealed + "/config", temp + "/p", settings.Endpoint, temp + "/p"},
		{"", temp + "/p", settings.Endpoint, temp + "/p"},
	} {
		f := Found{Config: Existing{Path: test.config}, Private: test.private}
		got, err := f.runDirectory(test.delivery)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && (exit.CodeOf(err) != exit.NoFiles || exit.HintOf(err) == "") {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
}

// Whatever was chosen is where `rolechain status` looks.
func TestRunDirectoriesAreFound(t *testing.T) {
	home := t.TempDir()
	t.Setenv("TMPDIR", home)
	for _, l := range []settings.Locations{{Home: home}, {ConfigFile: home + "/x/config"}, {}, {Home: "/proc/none"}} {
		s := settings.Settings{ClientRole: "x", Delivery: settings.Endpoint, Locations: l}
		var f Found
		if err := f.lookAtFiles(s); err != nil {
			t.Fatal(err)
		}
		if list := handover.RunDirectories(l); !slices.Contains(list, f.Run) {
			t.Errorf("%+v: %s is not in %v", l, f.Run, list)
		}
	}
}

func TestSessionPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.json")
	for _, test := range []struct{ content, want, problem string }{
		{"{ \"Version\" :\n\t\"2012-10-17\" }\n", `{"Version":"2012-10-17"}`, ""},
		{"[]", "", "is not a JSON object"},
		{"", "", "is not a JSON object"},
		{`{"a":"` + strings.Repeat("x", 2041) + `"}`, "", "has 2049 characters"},
		{`{"a":"` + strings.Repeat("ü", 2040) + `"}`, `{"a":"` + strings.Repeat("ü", 2040) + `"}`, ""},
	} {
		if err := durable.Write(file, []byte(test.content)); err != nil {
			t.Fatal(err)
		}
		got, err := SessionPolicy(settings.Settings{PolicyFile: file})
		if got != test.want || (err == nil) != (test.problem == "") || err != nil && (exit.CodeOf(err) != exit.BadSetting || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%.40q: %.40q, %v", test.content, got, err)
		}
	}
}
