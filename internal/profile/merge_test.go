package profile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rolechain/internal/settings"
)

const (
	clientRole = "arn:aws:iam::444455556666:role/client-role"
	baseRole   = "arn:aws:iam::111122223333:role/job-execution-role"
	tokenFile  = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
)

// chained is the chain that the tests write, and the text of its two profiles.
func chained() []Profile {
	return Chain(settings.Settings{
		ClientRole: clientRole, FirstHop: settings.WebIdentity, BaseRole: baseRole, TokenFile: tokenFile,
		Region: "eu-west-1", BaseProfile: "job-execution-role", Duration: time.Hour,
	}, "pod-1")
}

const (
	clientKeys = "role_arn = " + clientRole + "\nsource_profile = job-execution-role\nrole_session_name = pod-1\nduration_seconds = 3600\n"
	baseKeys   = "role_arn = " + baseRole + "\nweb_identity_token_file = " + tokenFile + "\nrole_session_name = pod-1\nregion = eu-west-1\n"
	base       = "[profile job-execution-role]\n" + baseKeys
)

func TestMerge(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"no file", "",
			"[default]\n" + clientKeys + "region = eu-west-1\n\n" + base},
		{"only blank lines", "\n\n",
			"\n\n[default]\n" + clientKeys + "region = eu-west-1\n\n" + base},
		{"user's keys stay in place, with odd white space",
			"# mine\n\n[default]\nregion=us-east-1\noutput\t=  json  \ns3 =\n  max_concurrent_requests = 20\n\n# next\n[profile dev]\nregion = x\n",
			"# mine\n\n[default]\nregion=us-east-1\noutput\t=  json  \ns3 =\n  max_concurrent_requests = 20\n" + clientKeys + "\n# next\n[profile dev]\nregion = x\n\n" + base},
		{"credentials give way, in place where there is a successor",
			"[default]\naws_access_key_id = AKIA\n# why\naws_secret_access_key = s\nrole_arn = old\nregion = r\n[x]\n",
			"[default]\n# why\nrole_arn = " + clientRole + "\nregion = r\nsource_profile = job-execution-role\nrole_session_name = pod-1\nduration_seconds = 3600\n[x]\n\n" + base},
		{"every other source of credentials",
			"[default]\nregion = r\ncredential_process = /bin/p\ncredential_source = Environment\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\nmfa_serial = m\nexternal_id = e\nweb_identity_token_file = /t\n[sso-session s]\nsso_region = r\n",
			"[default]\nregion = r\n" + clientKeys + "[sso-session s]\nsso_region = r\n\n" + base},
		{"[profile default] alone is renamed",
			"[profile default]\nregion = r\n",
			"[default]\nregion = r\n" + clientKeys + "\n" + base},
		{"[profile default] twin: its values are those that SDKs used",
			"[profile default]\nregion = used\n\n[default]\nregion = hidden\noutput = json\n",
			"[default]\nregion = used\n# region = hidden\noutput = json\n" + clientKeys + "\n" + base},
		{"[default] first, with comments around the twin",
			"[default]\nregion = hidden\n# about the twin\n[profile default]\nregion = used\n# about dev\n[profile dev]\na = b\n",
			"[default]\n# region = hidden\nregion = used\n" + clientKeys + "# about the twin\n# about dev\n[profile dev]\na = b\n\n" + base},
		{"quoted and spaced headers of our own",
			"[ default ]\nregion = r\n[profile \"job-execution-role\"]\nrole_arn = old\n",
			"[default]\nregion = r\n" + clientKeys + "[profile job-execution-role]\n" + baseKeys},
		{"duplicate sections and keys of others",
			"[profile dev]\nregion = a\n[services s]\nx = y\n[profile dev]\nregion = b\nRegion = c\noutput = json\n[default]\nregion = r\n",
			"[profile dev]\n# region = a\nregion = b\n# Region = c\noutput = json\n[services s]\nx = y\n[default]\nregion = r\n" + clientKeys + "\n" + base},
		{"a duplicate nested block",
			"[default]\nregion = r\ns3 =\n  a = 1\n\n  b = 2\ns3 =\n  a = 3\n",
			"[default]\nregion = r\n# s3 =\n#   a = 1\n\n#   b = 2\ns3 =\n  a = 3\n" + clientKeys + "\n" + base},
		{"CRLF", "[default]\r\nregion = r\r\n# c\r\n[profile x]\r\na = b",
			strings.ReplaceAll("[default]\nregion = r\n"+clientKeys+"# c\n[profile x]\na = b\n\n"+base, "\n", "\r\n")},
		{"byte order mark", "\ufeff[default]\nregion = r\n",
			"[default]\nregion = r\n" + clientKeys + "\n" + base},
		{"no newline at the end", "[default]\nregion = r",
			"[default]\nregion = r\n" + clientKeys + "\n" + base},
		{"indented keys: ours come after them, where they cannot swallow one",
			"[default]\n  region = r\n  output = json\n",
			"[default]\n  region = r\n  output = json\n" + clientKeys + "\n" + base},
		{"an indented key of ours is not replaced in place",
			"[default]\n  role_arn = old\n  region = r\n",
			"[default]\n  region = r\n" + clientKeys + "\n" + base},
		{"an indented comment right under the header",
			"[default]\n  # c\n[x]\n",
			"[default]\n  # c\n" + clientKeys + "region = eu-west-1\n[x]\n\n" + base},
		{"what goes on below a key of ours goes with it, comments stay",
			"[default]\nregion = r\ncredential_process = /bin/p\n  --more\n\n  # c\n[x]\n",
			"[default]\nregion = r\n" + clientKeys + "\n# c\n[x]\n\n" + base},
		{"keys in other spellings", "[default]\nRegion = r\nROLE_ARN: old\nSource_Profile=x\n",
			"[default]\nRegion = r\nrole_arn = " + clientRole + "\nsource_profile = job-execution-role\nrole_session_name = pod-1\nduration_seconds = 3600\n\n" + base},
		{"a comment behind the header", "[default] # mine\nregion = r\n",
			"[default] # mine\nregion = r\n" + clientKeys + "\n" + base},
		{"a comment touching the header", "[default];mine\nregion = r\n",
			"[default] ;mine\nregion = r\n" + clientKeys + "\n" + base},
		{"sections of no SDK", "[plugins]\ncli_legacy_plugin_path = /p\n[DEFAULT]\nx = y\n",
			"[plugins]\ncli_legacy_plugin_path = /p\n[DEFAULT]\nx = y\n\n[default]\n" + clientKeys + "region = eu-west-1\n\n" + base},
		{"a file that is indented as a whole", "    [default]\n    region = r\n\n    [profile dev]\n    region = x\n",
			"[default]\n    region = r\n" + clientKeys + "\n[profile dev]\n    region = x\n\n" + base},
		{"a header that is indented as much as the key above it", "[x]\n  a = b\n  [profile dev]\n  region = x\n",
			"[x]\n  a = b\n  [profile dev]\n  region = x\n\n[default]\n" + clientKeys + "region = eu-west-1\n\n" + base},
		{"an empty region", "[default]\nregion =\n[x]\n", "[default]\nregion = eu-west-1\n" + clientKeys + "[x]\n\n" + base},
		{"not ASCII", "[profile dév]\nregion = r # ü\n",
			"[profile dév]\nregion = r # ü\n\n[default]\n" + clientKeys + "region = eu-west-1\n\n" + base},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, notes, err := Merge([]byte(test.config), chained())
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Fatalf("got:\n%s\nwant:\n%s", got, test.want)
			}
			again, _, err := Merge(got, chained())
			if err != nil || string(again) != string(got) {
				t.Errorf("a second start changes it (%v):\n%s", err, again)
			}
			t.Log(strings.Join(notes, "\n"))
		})
	}
}

// A file that already says everything keeps its bytes, whatever they look like.
func TestMergeUnchanged(t *testing.T) {
	config := "[profile job-execution-role]\nrole_arn=" + baseRole + "\nweb_identity_token_file  =  " + tokenFile +
		"\nrole_session_name = pod-1\nregion = eu-west-1\n[default]\nsource_profile = job-execution-role\nrole_arn = " + clientRole +
		"\nduration_seconds=3600\nrole_session_name=pod-1\nregion = r"
	got, notes, err := Merge([]byte(config), chained())
	if err != nil || string(got) != config || len(notes) > 0 {
		t.Errorf("got %v %v:\n%s", err, notes, got)
	}
}

// When the role changes between starts, only its lines do.
func TestMergeAnotherRole(t *testing.T) {
	first, _, err := Merge([]byte("[default]\noutput = json\n\n[profile x]\ny = z\n"), chained())
	if err != nil {
		t.Fatal(err)
	}
	profiles := chained()
	profiles[0].Keys[0].Value += "-2"
	second, notes, err := Merge(first, profiles)
	if want := strings.Replace(string(first), clientRole, clientRole+"-2", 1); err != nil || string(second) != want || len(notes) != 1 || notes[0] != "line 3: role_arn in [default] is replaced" {
		t.Errorf("got %v %v:\n%s", err, notes, second)
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, test := range []struct {
		name, config string
		line         int
		reason       string
	}{
		{"text", "[default]\nregion = r\nwhat is this\n", 3, "not a section, comment or key = value"},
		{"no key", "[x]\n= y\n", 2, "not a section, comment or key = value"},
		{"before the first section", "# c\nregion = r\n[default]\n", 2, "before the first section"},
		{"an open header", "[default\nregion = r\n", 1, "closing bracket"},
		{"an empty header", "[]\n", 1, "without a name"},
		{"two brackets in our header", "[default] # [x]\n", 1, "second closing bracket"},
		{"text behind our header", "[default] region = r\n", 1, "text behind"},
		{"an indented header", "[default]\nregion = r\n  [profile x]\n", 3, "indented below a key"},
		{"not UTF-8", "[default]\nregion = r\n# caf\xe9\n", 3, "not UTF-8"},
		{"NUL", "[default]\x00\n", 1, "control character"},
		{"a form feed before a comment", "[x]\na = b\n \f# c\n", 3, "control character"},
		{"next line, a line end in Java v1", "[x]\na = b\u0085c\n", 2, "control character"},
		{"old Mac line ends", "[default]\rregion = r\r", 1, "carriage return"},
		{"a no-break space as indentation", "[x]\na = b\n\u00a0c = d\n", 3, "white space character"},
		{"a key below a credential key", "[default]\nrole_arn = x\n  region = r\n", 3, "region is indented below role_arn"},
		{"a credential key two lines below a key", "[default]\nregion = r\n  # c\n  role_arn = p\n", 4, "role_arn is indented below region"},
		{"a credential key below a key", "[default]\nregion = r\n  credential_process = p\n", 3, "credential_process is indented below region"},
		{"a block that botocore refuses", "[x]\ns3 =\n  a = b\n  c\n", 4, "no = inside the block of s3"},
		{"credentials for every section", "[DEFAULT]\naws_access_key_id = x\n", 2, "[DEFAULT]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Merge([]byte(test.config), chained())
			var line *LineError
			if !errors.As(err, &line) || line.Line != test.line || !strings.Contains(line.Reason, test.reason) {
				t.Errorf("got %v, want line %d: …%s…", err, test.line, test.reason)
			}
		})
	}
}

func TestMergeNotes(t *testing.T) {
	_, notes, err := Merge([]byte("\ufeff[default]\naws_access_key_id = AKIASECRET\n[x]\n  b = c\n[x]\nb = d\n"), chained())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(notes, "\n")
	for _, want := range []string{
		"line 1: the byte order mark",
		"line 2: aws_access_key_id in [default] gives way",
		"line 4: the line is indented, for which AWS SDK for Java v2 refuses",
		"the second [x] is joined to the first",
		"which [x] has again, becomes a comment",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "AKIASECRET") {
		t.Errorf("a value in a note:\n%s", text)
	}
}

func TestChain(t *testing.T) {
	s := settings.Settings{
		ClientRole: clientRole, FirstHop: settings.WebIdentity, BaseRole: baseRole, TokenFile: tokenFile, BaseProfile: "base", Duration: 15 * time.Minute,
		Via: []settings.Hop{{Role: "arn:aws:iam::1:role/a"}, {Role: "arn:aws:iam::2:role/b"}}, Options: settings.Options{ExternalID: "ext"},
		Profiles: []settings.NamedRole{{Name: "other", Role: "arn:aws:iam::3:role/c"}},
	}
	for _, test := range []struct {
		name string
		hop  settings.FirstHop
		want string
	}{
		{"web identity", settings.WebIdentity, `[default]
role_arn = ` + clientRole + `
source_profile = base-via-2
role_session_name = n1
duration_seconds = 900
external_id = ext

[profile base]
role_arn = ` + baseRole + `
web_identity_token_file = ` + tokenFile + `
role_session_name = n1

[profile base-via-1]
role_arn = arn:aws:iam::1:role/a
source_profile = base
role_session_name = n1
duration_seconds = 900

[profile base-via-2]
role_arn = arn:aws:iam::2:role/b
source_profile = base-via-1
role_session_name = n1
duration_seconds = 900

[profile other]
role_arn = arn:aws:iam::3:role/c
source_profile = base-via-2
role_session_name = n1
duration_seconds = 900
`},
		{"pod identity", settings.PodIdentity, `[default]
role_arn = ` + clientRole + `
source_profile = base-via-2
role_session_name = n1
duration_seconds = 900
external_id = ext

[profile base-via-1]
role_arn = arn:aws:iam::1:role/a
credential_source = EcsContainer
role_session_name = n1
duration_seconds = 900

[profile base-via-2]
role_arn = arn:aws:iam::2:role/b
source_profile = base-via-1
role_session_name = n1
duration_seconds = 900

[profile other]
role_arn = arn:aws:iam::3:role/c
source_profile = base-via-2
role_session_name = n1
duration_seconds = 900
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.FirstHop = test.hop
			got, _, err := Merge(nil, Chain(s, "n1"))
			if err != nil || string(got) != test.want {
				t.Errorf("%v, got:\n%s", err, got)
			}
		})
	}
}

// What may be the rest of a secret is not named.
func TestMergeRefusesWithoutSecret(t *testing.T) {
	_, _, err := Merge([]byte("[default]\naws_session_token = AAA\n    secretpart2=x\n"), chained())
	if err == nil || strings.Contains(err.Error(), "secretpart2") || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("got %v", err)
	}
}

// However many notes there are to make, a log gets a bounded number.
func TestMergeNotesAreBounded(t *testing.T) {
	_, notes, err := Merge([]byte("[x]\n"+strings.Repeat("region = r\n", 1000)), chained())
	if err != nil || len(notes) != maxNotes+1 {
		t.Errorf("%v, %d notes", err, len(notes))
	}
}

func TestCheckCredentials(t *testing.T) {
	for _, test := range []struct{ name, credentials, warning, refusal string }{
		{"none", "", "", ""},
		{"others", "# c\n[dev]\naws_access_key_id = A\nrole_arn = x\n[default]\nregion = r\n", "", ""},
		{"static keys", "[default]\naws_access_key_id = A\n", "line 2: aws_access_key_id in [default]", ""},
		{"a role in [default]", "[default]\nrole_arn = x\n", "", "line 2: role_arn in [default] comes before"},
		{"a name for our sessions", "[default]\nrole_session_name = x\n", "", "line 2: role_session_name"},
		{"the base profile's name", "[job-execution-role]\naws_access_key_id = A\n", "", "line 2: aws_access_key_id in [job-execution-role]"},
		{"the same with blanks, as Go and Java forgive them", "[ job-execution-role ]\naws_access_key_id = A\n", "", "line 2: aws_access_key_id"},
		{"every section", "[DEFAULT]\naws_access_key_id = A\n[dev]\n", "", "line 2: gives aws_access_key_id to every profile"},
		{"duplicate section", "[dev]\n[x]\n[dev]\n", "", "line 3: is the second [dev]"},
		{"duplicate key", "[dev]\na = b\nA = c\n", "", "line 3: is the second a"},
		{"byte order mark", "\ufeff[dev]\n", "", "line 1: begins with a byte order mark"},
		{"junk", "junk\n", "", "line 1: stands before the first section"},
	} {
		t.Run(test.name, func(t *testing.T) {
			warning, err := CheckCredentials([]byte(test.credentials), chained())
			refusal := ""
			if err != nil {
				refusal = err.Error()
			}
			if !strings.HasPrefix(warning, test.warning) || !strings.HasPrefix(refusal, test.refusal) || (warning == "") != (test.warning == "") || (refusal == "") != (test.refusal == "") {
				t.Errorf("got %q, %v", warning, err)
			}
		})
	}
}

func TestRedact(t *testing.T) {
	const config = "[x]\naws_secret_access_key = hunter2\n  AWS_Session_Token: hunter2\n\n    hunter2\n# aws_security_token=hunter2\r\nregion = r\n  a = b\nnonsense"
	const want = "[x]\naws_secret_access_key = ****\n  AWS_Session_Token: ****\n\n  ****\n# aws_security_token= ****\nregion = r\n  a = b\nnonsense"
	if got := string(Redact([]byte(config))); got != want {
		t.Errorf("got:\n%s\nnot:\n%s", got, want)
	}
}
