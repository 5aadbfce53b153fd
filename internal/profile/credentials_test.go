package profile

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"rolechain/internal/settings"
)

func keys() []Profile { return []Profile{Session("ASIAEXAMPLE", "secret/+", "token/+==")} }

const ours = "aws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = secret/+\naws_session_token = token/+==\n"

func TestMergeCredentials(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"no file", "", "[default]\n" + ours},
		{"keys are replaced in place",
			"[default]\naws_access_key_id=AKIA\naws_secret_access_key = s\n\n[dev]\naws_access_key_id=AKIADEV\n",
			"[default]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = secret/+\naws_session_token = token/+==\n\n[dev]\naws_access_key_id=AKIADEV\n"},
		{"other profiles and what is theirs",
			"# mine\n[dev]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\n\n# next\n[prod]\ncredential_process = /bin/p\n",
			"# mine\n[dev]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\n\n# next\n[prod]\ncredential_process = /bin/p\n\n[default]\n" + ours},
		{"every other source of credentials in [default]",
			"[default]\nrole_arn = r\nsource_profile = dev\ncredential_process = /bin/p\noutput = json\n",
			"[default]\noutput = json\n" + ours},
		{"[profile default] is not [default] here",
			"[profile default]\naws_access_key_id = A\n",
			"[profile default]\naws_access_key_id = A\n\n[default]\n" + ours},
		{"twins are joined", "[default]\noutput = json\n[dev]\na = b\n[default]\nregion = r\n", "[default]\noutput = json\nregion = r\n" + ours + "[dev]\na = b\n"},
		{"windows", "[default]\r\naws_access_key_id = A\r\n", "[default]\r\n" + strings.ReplaceAll(ours, "\n", "\r\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := MergeCredentials([]byte(test.file), keys())
			if err != nil || string(got) != test.want {
				t.Errorf("%v\n--- got\n%s--- want\n%s", err, got, test.want)
			}
			again, notes, err := MergeCredentials(got, keys())
			if err != nil || len(notes) > 0 || !bytes.Equal(again, got) {
				t.Errorf("a second time: %v %v\n%s", err, notes, again)
			}
		})
	}
}

// A process of endpoint delivery stands in both files, in the form of each, and the region in the config file alone.
func TestProcesses(t *testing.T) {
	profiles := Processes(settings.Settings{BaseProfile: "base", Region: "eu-west-1", Profiles: []settings.NamedRole{{Name: "x", Role: clientRole}}},
		func(name string) string { return "/bin/p " + name })
	config, _, err := Merge([]byte("[default]\nrole_arn = old\nsource_profile = base\nregion = us-east-1\n"), profiles)
	want := "[default]\nregion = us-east-1\ncredential_process = /bin/p default\n\n[profile base]\ncredential_process = /bin/p base\nregion = eu-west-1\n\n[profile x]\ncredential_process = /bin/p x\nregion = eu-west-1\n"
	if err != nil || string(config) != want {
		t.Errorf("%v\n%s", err, config)
	}
	credentials, _, err := MergeCredentials([]byte("[x]\naws_access_key_id = A\nregion = mine\n"), profiles)
	want = "[x]\nregion = mine\ncredential_process = /bin/p x\n\n[default]\ncredential_process = /bin/p default\n\n[base]\ncredential_process = /bin/p base\n"
	if err != nil || string(credentials) != want {
		t.Errorf("%v\n%s", err, credentials)
	}
}

func TestWithdraw(t *testing.T) {
	mine := func(process string) bool { return strings.HasPrefix(process, "/opt/rolechain ") }
	for file, want := range map[string]string{
		"":                               "",
		"[dev]\naws_access_key_id = A\n": "[dev]\naws_access_key_id = A\n",
		"[default]\ncredential_process = /opt/rolechain a\n\n[dev]\nx = y\n\n[base]\ncredential_process = /opt/rolechain b\n": "[dev]\nx = y\n\n",
		"[default]\noutput = json\ncredential_process = /opt/rolechain a\n":                                                   "[default]\noutput = json\n",
		"[default]\ncredential_process = /bin/other\n":                                                                        "[default]\ncredential_process = /bin/other\n",
		"# mine\n[default]\n# why\ncredential_process = /opt/rolechain a\n":                                                   "# mine\n[default]\n# why\n",
		"not a file of AWS's\n": "not a file of AWS's\n",
	} {
		if got := string(Withdraw([]byte(file), mine)); got != want {
			t.Errorf("%q became %q, want %q", file, got, want)
		}
	}
}

// FuzzMergeCredentials: whatever the file, it is refused with a line that it has, or [default] has our keys, every line of
// another section is there, in order, and to write the same again changes nothing.
func FuzzMergeCredentials(f *testing.F) {
	f.Add([]byte("[default]\naws_access_key_id = A\n[dev]\naws_access_key_id = B\n  c = d\n# e\n[profile x]\nf=g"))
	f.Add([]byte("\ufeff[dev]\r\na = b\r\n\r\n[ default ]\r\nrole_arn = x\r\n[default]\r\ny = z"))
	f.Fuzz(func(t *testing.T, file []byte) {
		merged, notes, err := MergeCredentials(file, keys())
		var refused *LineError
		if errors.As(err, &refused) {
			if lines := bytes.Count(file, []byte("\n")) + 1; refused.Line < 1 || refused.Line > lines {
				t.Fatalf("refuses line %d of %d", refused.Line, lines)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := MergeCredentials(merged, keys()); err != nil || !bytes.Equal(again, merged) {
			t.Fatalf("again: %v\n%q\n%q", err, merged, again)
		}
		for _, k := range keys()[0].Keys {
			if got := Value(merged, "default", k.Name); got != k.Value {
				t.Fatalf("%s is %q:\n%s", k.Name, got, merged)
			}
		}
		for _, note := range notes {
			if strings.Contains(note, "joined") || strings.Contains(note, "duplicates") || strings.Contains(note, "byte order") {
				return // lines have moved; TestMergeCredentials says where to
			}
		}
		before, err := parse(file)
		if err != nil {
			t.Fatal(err)
		}
		after, err := parse(merged)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := others(after), others(before); strings.TrimRight(got, "\r\n") != strings.TrimRight(want, "\r\n") {
			t.Fatalf("--- before\n%q\n--- after\n%q\n--- lines of others before\n%q\n--- after\n%q", file, merged, want, got)
		}
	})
}

// others are the sections but [default], as they stand.
func others(f *file) string {
	rest := *f
	rest.sections = nil
	for i, s := range f.sections {
		if i > 0 && strings.TrimSpace(s.name) == "default" {
			continue
		}
		rest.sections = append(rest.sections, s)
	}
	return string(rest.bytes())
}

// Without anything of ours a file stays as it is, byte by byte.
func TestWithdrawNothing(t *testing.T) {
	const file = "\ufeff[a]\r\ncredential_process = theirs\r\n\n[b]\n"
	if got := Withdraw([]byte(file), func(string) bool { return false }); string(got) != file {
		t.Errorf("%q", got)
	}
}
