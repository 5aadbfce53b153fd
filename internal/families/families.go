// Package families predicts where the AWS SDKs find credentials in an environment: variables, JVM options and AWS files. Its
// tests compare the predictions with the SDKs; make predictions runs the slow comparisons. The package makes no request, and
// reads a secret's value only to see whether it is empty.
package families

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"rolechain/internal/durable"
	"rolechain/internal/handover"
	"rolechain/internal/jvm"
	"rolechain/internal/profile"
	"rolechain/internal/settings"
)

// A Finding is what one family of SDKs takes.
type Finding struct {
	Family string
	Kind   Kind
	Source string // for people: "profile default, by its role_arn"
	Role   string // ARN of the role that it ends up as; "" when that cannot be told
	Reason string // why this source and no other
}

// A Kind is a kind of source.
type Kind string

const (
	Keys      Kind = "keys"      // in variables or in a file
	Token     Kind = "token"     // a web identity token: AssumeRoleWithWebIdentity
	Chain     Kind = "chain"     // a profile with role_arn and a source
	Process   Kind = "process"   // a profile's credential_process
	Container Kind = "container" // the container's endpoint: Pod Identity's agent, or rolechain's
	Metadata  Kind = "metadata"  // the node's role, where the pod reaches the metadata service
	Nothing   Kind = "nothing"   // it finds none, or fails
)

// An Environment is where SDKs look.
type Environment struct {
	vars          map[string]string
	home          string // where an SDK that reads $HOME looks
	userHome      string // where a JVM looks: that of the password file
	properties    map[string]string
	from          map[string]string // the variable that a property is from
	files         map[string]file
	configAt      string
	credentialsAt string
}

// A file is one of AWS's: its profiles, and whether it is there.
type file struct {
	there    bool
	profiles map[string]map[string]string
}

// Read reads the variables of env and the files that they lead to. userHome is the home of the password file.
func Read(env settings.Environment, userHome string) Environment {
	e := Environment{vars: map[string]string{}, properties: map[string]string{}, from: map[string]string{}, files: map[string]file{}, userHome: userHome}
	for _, assignment := range env.List {
		name, value, found := strings.Cut(assignment, "=")
		if _, twice := e.vars[name]; found && !twice {
			e.vars[name] = value
		}
	}
	if e.home = e.vars["HOME"]; e.home == "" {
		e.home = userHome
	}
	// Of options that are there twice the last counts, and the JVM reads the variables in this order.
	for _, variable := range jvm.Variables {
		for _, option := range jvm.Options(e.vars[variable]) {
			name, value, _ := strings.Cut(option, "=")
			if name, is := strings.CutPrefix(name, "-D"); is && jvm.Leads(option) {
				e.properties[name], e.from[name] = value, variable
			}
		}
	}
	e.configAt = handover.Place(e.vars["AWS_CONFIG_FILE"], e.home, "config")
	e.credentialsAt = handover.Place(e.vars["AWS_SHARED_CREDENTIALS_FILE"], e.home, "credentials")
	return e
}

// file reads one of AWS's files, once.
func (e Environment) file(path string, credentials bool) file {
	if path == "" {
		return file{}
	}
	key := path
	if credentials {
		key += "\x00"
	}
	if f, known := e.files[key]; known {
		return f
	}
	data, there, err := durable.Read(path)
	f := file{there: there && err == nil, profiles: profile.All(data, credentials)}
	e.files[key] = f
	return f
}

// merged has the profiles of both files; the credentials file's keys come first.
func (e Environment) merged() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, f := range []file{e.file(e.configAt, false), e.file(e.credentialsAt, true)} {
		for name, keys := range f.profiles {
			if all[name] == nil {
				all[name] = map[string]string{}
			}
			maps.Copy(all[name], keys)
		}
	}
	return all
}

// set returns a variable that is set and not empty.
func (e Environment) set(name string) bool { return e.vars[name] != "" }

func (e Environment) isSet(name string) bool { _, there := e.vars[name]; return there }

// empties lists the variables that are set and empty, which some SDKs take for a value.
func (e Environment) empties(names ...string) (list []string) {
	for _, name := range names {
		if value, there := e.vars[name]; there && value == "" {
			list = append(list, name)
		}
	}
	return list
}

// Find returns what each family takes.
func (e Environment) Find() []Finding {
	list := make([]Finding, 0, len(all))
	for _, f := range all {
		found := Finding{Kind: Nothing, Source: "no credentials"}
		var passed []string
		for _, step := range f.steps {
			at, ok := step(e)
			if ok {
				found = at
				break
			}
			passed = append(passed, at.Reason)
		}
		found.Family = f.name
		passed = slices.DeleteFunc(passed, func(s string) bool { return s == "" })
		if found.Reason == "" {
			found.Reason = f.order
		}
		if len(passed) > 0 {
			found.Reason += "; " + strings.Join(passed, "; ")
		}
		list = append(list, found)
	}
	return list
}

// A step looks in one place. When it finds nothing, Reason may say what is odd about that.
type step func(Environment) (Finding, bool)

// A family is some SDKs that look in the same places in the same order.
type family struct {
	name  string
	order string
	steps []step
}

// all are the families of docs/sdk-matrix.md.
var all = []family{
	{"boto3, AWS CLI, s3fs", "variables with keys come first, then a profile's role_arn, then the web identity variables, then keys in the credentials file, then a process", []step{botoProfile, botoKeys, profileRole(botoName), webStrict, profileWeb(botoName), botoFileKeys, profileProcess(botoName), profileKeys(botoName), containerPresent, metadata}},
	{"Java v2", "system properties come first, then variables with keys, then web identity, then the profile", []step{propertyKeys("aws.secretAccessKey"), keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), javaWeb, javaProfile, javaContainer, metadata}},
	{"Java v1", "variables with keys come first, then system properties, then web identity, then the profile", []step{javaV1Keys, propertyKeys("aws.secretKey"), javaV1Web, javaV1Profile, javaV1Container, metadata}},
	{"Go v2", "variables with keys come first, then the web identity variables, then the profile", []step{missingProfile(goV2Name), keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), webStrict, goProfile(true, goV2Name), container, metadata}},
	{"Go v1", "variables with keys come first, then the web identity variables, then the profile", []step{keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), webStrict, goProfile(false, goName), container, metadata}},
	{"JavaScript v3", "the profile comes before web identity, and AWS_PROFILE before variables with keys", []step{jsKeys, jsProfile, webLax, container, metadata}},
	{"JavaScript v2", "variables with keys come first, then keys in the profile, then the container's endpoint, then the profile's process, then web identity", []step{keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), js2Profile, container, js2Process, webLax, metadata}},
	{"Rust", "variables with keys come first, then the profile, then web identity", []step{keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), emptyName(rustProfile), webStrict, containerPresent, metadata}},
	{"C++ (pyarrow)", "variables with keys come first, then keys and a process in the profile, then web identity; it follows no chained profile", []step{keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), emptyName(profileKeys(goName)), emptyName(profileProcess(goName)), emptyName(cppProfileWeb), webLax, container, metadata}},
	{"Ruby", "variables with keys come first, then the web identity variables, then the profile", []step{keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), rubyWeb, emptyName(rubyProfile), rubyContainer, metadata}},
	{"object_store (polars, delta-rs)", "it reads variables alone, no profile", []step{objectStoreKeys, webLax, objectStoreContainer, alwaysMetadata}},
	{"S3A's default list", "Hadoop's list of providers knows neither profiles nor web identity", []step{javaV1Keys, javaContainer, metadata}},
}

func fileExists(path string) bool { _, err := os.Stat(path); return err == nil }

func found(kind Kind, source, role string) (Finding, bool) {
	return Finding{Kind: kind, Source: source, Role: role}, true
}

func none(reason string) (Finding, bool) { return Finding{Reason: reason}, false }

func broken(format string, args ...any) (Finding, bool) {
	return Finding{Kind: Nothing, Source: "it fails", Reason: fmt.Sprintf(format, args...)}, true
}
