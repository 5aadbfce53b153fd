package start

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

func asked() settings.Settings {
	return settings.Settings{
		ClientRole: "arn:aws:iam::444455556666:role/client-role", FirstHop: settings.WebIdentity,
		BaseRole: "arn:aws:iam::111122223333:role/job", TokenFile: "/token", Region: "eu-west-1", RegionVariables: true,
		BaseProfile: "job-execution-role", SessionName: "{pod}", Duration: time.Hour, KeepSources: true, Entrypoint: "entry",
	}
}

func found() Found {
	return Found{
		Config:      Existing{Path: "/home/.aws/config"},
		Credentials: Existing{Path: "/home/.aws/credentials"},
		Pod:         settings.Pod{Name: "pod-1"},
		Target:      "/usr/bin/entry",
	}
}

func plan(t *testing.T, s settings.Settings, f Found, env ...string) Plan {
	t.Helper()
	p, err := Make(s, f, env, []string{"driver", ""})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPassThrough(t *testing.T) {
	p := plan(t, settings.Settings{Entrypoint: "entry"}, Found{Target: "/usr/bin/entry"}, "AWS_PROFILE=x")
	if len(p.Files)+len(p.Unset)+len(p.Set)+len(p.Warnings) > 0 || p.Summary != "" {
		t.Errorf("%+v", p)
	}
	if p.Exec.Path != "/usr/bin/entry" || !slices.Equal(p.Exec.Argv, []string{"entry", "driver", ""}) {
		t.Errorf("%+v", p.Exec)
	}
}

func TestEnvironment(t *testing.T) {
	env := []string{
		"A=1", "AWS_ROLE_ARN=r", "AWS_WEB_IDENTITY_TOKEN_FILE=t", "AWS_ACCESS_KEY_ID=", "AWS_PROFILE=p", "AWS_EC2_METADATA_DISABLED=false", "B=\xff=",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=u", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=f", "AWS_REGION=eu-west-1", "A=2", "nonsense",
	}
	for _, test := range []struct {
		name   string
		change func(*settings.Settings)
		want   string
	}{
		{"kept", func(*settings.Settings) {},
			"A=1 AWS_ROLE_ARN=r AWS_WEB_IDENTITY_TOKEN_FILE=t AWS_ACCESS_KEY_ID= AWS_PROFILE=p B=\xff= AWS_CONTAINER_CREDENTIALS_FULL_URI=u AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=f AWS_REGION=eu-west-1 A=2 nonsense AWS_EC2_METADATA_DISABLED=true"},
		{"removed", func(s *settings.Settings) { s.KeepSources = false },
			"A=1 B=\xff= AWS_REGION=eu-west-1 A=2 nonsense AWS_EC2_METADATA_DISABLED=true"},
		{"removed, with the variables that Pod Identity's own hop needs", func(s *settings.Settings) { s.KeepSources, s.FirstHop = false, settings.PodIdentity },
			"A=1 B=\xff= AWS_CONTAINER_CREDENTIALS_FULL_URI=u AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=f AWS_REGION=eu-west-1 A=2 nonsense AWS_EC2_METADATA_DISABLED=true"},
		{"metadata service left open", func(s *settings.Settings) { s.AllowIMDS = true }, strings.Join(env, " ")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := asked()
			test.change(&s)
			if got := strings.Join(plan(t, s, found(), env...).Environment(env), " "); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestWhereTheConfigGoes(t *testing.T) {
	merged := string(plan(t, asked(), found()).Files[0].After)
	elsewhere := Existing{Path: "/tmp/rolechain-1/config"}
	for _, test := range []struct {
		name  string
		found func(*Found)
		s     func(*settings.Settings)
		file  string // that is written; "" for none
		set   string
	}{
		{"at home", func(*Found) {}, nil, "/home/.aws/config", ""},
		{"it stands already", func(f *Found) { f.Config.Exists, f.Config.Data = true, []byte(merged) }, nil, "", ""},
		{"it stands already, in a place that cannot be written",
			func(f *Found) {
				f.Config.Exists, f.Config.Data, f.Config.Unwritable = true, []byte(merged), syscall.EROFS
			}, nil, "", ""},
		{"read-only home", func(f *Found) { f.Config.Unwritable = syscall.EROFS }, nil, "/tmp/rolechain-1/config",
			"AWS_CONFIG_FILE=/tmp/rolechain-1/config AWS_SHARED_CREDENTIALS_FILE=/tmp/rolechain-1/credentials"},
		{"read-only home with credentials", func(f *Found) { f.Config.Unwritable, f.Credentials.Exists = syscall.EROFS, true }, nil, "/tmp/rolechain-1/config",
			"AWS_CONFIG_FILE=/tmp/rolechain-1/config"},
		{"no home", func(f *Found) { f.Config.Path = "" }, nil, "/tmp/rolechain-1/config",
			"AWS_CONFIG_FILE=/tmp/rolechain-1/config AWS_SHARED_CREDENTIALS_FILE=/tmp/rolechain-1/credentials"},
		{"no home, second start", func(f *Found) { f.Config.Path, f.PrivateConfig.Exists, f.PrivateConfig.Data = "", true, []byte(merged) }, nil, "",
			"AWS_CONFIG_FILE=/tmp/rolechain-1/config AWS_SHARED_CREDENTIALS_FILE=/tmp/rolechain-1/credentials"},
		{"what AWS_CONFIG_FILE names is told as an absolute path", func(*Found) {}, func(s *settings.Settings) { s.Locations.ConfigFile = "~/.aws/config" }, "/home/.aws/config",
			"AWS_CONFIG_FILE=/home/.aws/config"},
		{"an empty AWS_CONFIG_FILE would hide the file from SDKs", func(*Found) {}, func(s *settings.Settings) { s.Locations.EmptyConfigFile = true }, "/home/.aws/config",
			"AWS_CONFIG_FILE=/home/.aws/config"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, s := found(), asked()
			f.PrivateConfig = elsewhere
			test.found(&f)
			if f.Config.Unwritable != nil || f.Config.Path == "" {
				f.Private = "/tmp/rolechain-1"
				if !f.Credentials.Exists { // as Avoid has it
					f.PrivateCredentials.Path, f.ReadsPrivate = "/tmp/rolechain-1/credentials", true
				}
			}
			if test.s != nil {
				test.s(&s)
			}
			s.AllowIMDS = true
			p := plan(t, s, f)
			file := ""
			if len(p.Files) > 0 {
				file = p.Files[0].Path
			}
			var set []string
			for _, v := range p.Set {
				set = append(set, v.Name+"="+v.Value)
			}
			if file != test.file || strings.Join(set, " ") != test.set {
				t.Errorf("file %q, set %q", file, set)
			}
		})
	}
}

// What stands in a home that cannot be written goes along to the other place.
func TestNothingIsLostOnTheWay(t *testing.T) {
	f := found()
	f.Config.Exists, f.Config.Data, f.Config.Unwritable, f.Private = true, []byte("[profile dev]\nregion = r\n"), syscall.EROFS, "/tmp/p"
	if after := string(plan(t, asked(), f).Files[0].After); !strings.HasPrefix(after, "[profile dev]\nregion = r\n\n[default]\n") {
		t.Errorf("got:\n%s", after)
	}
}

func TestPlanWarns(t *testing.T) {
	f := found()
	f.Credentials.Data = []byte("[default]\naws_access_key_id = AKIA\n")
	f.Config.Exists, f.Config.Data = true, []byte("[default]\nregion = us-east-1\naws_secret_access_key = x\n")
	s := asked()
	s.RegionVariables = false
	var texts []string
	for _, w := range plan(t, s, f, "AWS_PROFILE=dev", "AWS_DEFAULT_PROFILE=default", "AWS_ACCESS_KEY_ID=AKIA").Warnings {
		texts = append(texts, w.Text)
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{
		`AWS_PROFILE is "dev"`, "AWS_ACCESS_KEY_ID is set", `keeps its region "us-east-1"`, "aws_access_key_id in [default]", "line 3: aws_secret_access_key in [default] gives way",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if len(texts) != 5 || strings.Contains(all, "AKIA") {
		t.Errorf("got\n%s", all)
	}
}

func TestPlanWarnsOfKeptVariables(t *testing.T) {
	for _, test := range []struct {
		delivery settings.Delivery
		env      string
		want     bool
	}{
		{settings.Endpoint, "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job", true},
		{settings.Endpoint, "OTHER=x", false}, // Pod Identity has none
		{settings.File, "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job", false},
		{settings.Profile, "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job", false},
	} {
		s, f := withRefresher(test.delivery)
		s.KeepSources = true
		got := slices.ContainsFunc(plan(t, s, f, test.env).Warnings, func(w settings.Warning) bool {
			return strings.Contains(w.Text, "leaves AWS_ROLE_ARN to the job")
		})
		if got != test.want {
			t.Errorf("%s, %s: warned is %v", test.delivery, test.env, got)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		found func(*Found)
		s     func(*settings.Settings)
		code  exit.Code
		text  string
	}{
		{"a file that cannot be edited safely", func(f *Found) { f.Config.Data = []byte("x\n") }, nil, exit.NoFiles, `"/home/.aws/config" cannot be edited safely: line 1`},
		{"keys under the base profile's name", func(f *Found) { f.Credentials.Data = []byte("[job-execution-role]\naws_access_key_id = A\n") }, nil, exit.NoFiles, `beside "/home/.aws/credentials": line 2: aws_access_key_id in [job-execution-role]`},
		{"a session name from a token that is none", func(*Found) {}, func(s *settings.Settings) { s.SessionName = "{namespace}" }, exit.BadSetting, "{namespace}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, s := found(), asked()
			test.found(&f)
			if test.s != nil {
				test.s(&s)
			}
			_, err := Make(s, f, nil, nil)
			if exit.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) || exit.HintOf(err) == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRun(t *testing.T) {
	p := plan(t, asked(), found())
	var path string
	var argv, env []string
	execve := func(p string, a, e []string) error { path, argv, env = p, a, e; return nil }
	if err := p.Run(execve, []string{"X=1"}); err != nil || path != "/usr/bin/entry" || argv[0] != "entry" || !slices.Equal(env, []string{"X=1", "AWS_EC2_METADATA_DISABLED=true"}) {
		t.Errorf("%v %s %v %v", err, path, argv, env)
	}
	for _, errno := range []syscall.Errno{syscall.ENOENT, syscall.ENOEXEC, syscall.E2BIG, syscall.EACCES, syscall.ETXTBSY} {
		err := p.Run(func(string, []string, []string) error { return errno }, nil)
		if exit.CodeOf(err) != exit.CannotExec || !errors.Is(err, errno) || !strings.Contains(err.Error(), `"/usr/bin/entry"`) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}
