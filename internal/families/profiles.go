package families

import (
	"fmt"
	"strings"
)

// botoName is the profile that botocore takes: AWS_DEFAULT_PROFILE comes first, and an empty variable is a name.
func botoName(e Environment) string {
	for _, name := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if e.isSet(name) {
			if e.vars[name] == "" {
				return "default"
			}
			return e.vars[name]
		}
	}
	return "default"
}

// botoProfile fails on a profile that is named and not there, whatever else there is.
func botoProfile(e Environment) (Finding, bool) {
	for _, name := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if !e.isSet(name) {
			continue
		}
		if at := e.vars[name]; e.merged()[at] == nil {
			return broken("%s names the profile %q, which is not there", name, at)
		}
		break
	}
	return none("")
}

func goName(e Environment) string {
	if at := e.vars["AWS_PROFILE"]; at != "" {
		return at
	}
	return "default"
}

// goV2Name is goName for Go v2 and Ruby, which know AWS_DEFAULT_PROFILE as well.
func goV2Name(e Environment) string {
	if at := e.vars["AWS_DEFAULT_PROFILE"]; at != "" && !e.set("AWS_PROFILE") {
		return at
	}
	return goName(e)
}

// missingProfile fails on a profile that AWS_PROFILE names and that is not there.
func missingProfile(name func(Environment) string) step {
	return func(e Environment) (Finding, bool) {
		if at := name(e); e.set("AWS_PROFILE") && e.merged()[at] == nil {
			return broken("AWS_PROFILE names the profile %q, which is not there", at)
		}
		return none("")
	}
}

// profileRole finds a profile with a role and a source.
func profileRole(name func(Environment) string) step {
	return func(e Environment) (Finding, bool) { return chained(e, name(e), e.merged()) }
}

func chained(e Environment, name string, profiles map[string]map[string]string) (Finding, bool) {
	p := profiles[name]
	if p["role_arn"] == "" {
		return none("")
	}
	switch source := p["source_profile"]; {
	case source != "" && profiles[source] == nil:
		return broken("the profile %s has the source_profile %s, which is not there", name, source)
	case source != "":
		return found(Chain, fmt.Sprintf("the profile %s, by its role_arn and the profile %s%s", name, source, byVariable(e, name)), p["role_arn"])
	case p["credential_source"] != "":
		return found(Chain, fmt.Sprintf("the profile %s, by its role_arn and credential_source = %s%s", name, p["credential_source"], byVariable(e, name)), p["role_arn"])
	}
	return none("")
}

// byVariable says which variable has named a profile.
func byVariable(e Environment, name string) string {
	for _, variable := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if e.vars[variable] == name {
			return ", which " + variable + " names"
		}
	}
	if e.properties["aws.profile"] == name {
		return ", which -Daws.profile of " + e.from["aws.profile"] + " names"
	}
	return ""
}

func profileWeb(name func(Environment) string) step {
	return func(e Environment) (Finding, bool) { return profileToken(e, name(e), e.merged()) }
}

func profileToken(e Environment, name string, profiles map[string]map[string]string) (Finding, bool) {
	p := profiles[name]
	if p["role_arn"] == "" || p["web_identity_token_file"] == "" {
		return none("")
	}
	return found(Token, fmt.Sprintf("the web identity token, by the profile %s%s", name, byVariable(e, name)), p["role_arn"])
}

func profileKeys(name func(Environment) string) step {
	return func(e Environment) (Finding, bool) { return keysOf(e, name(e), e.merged()) }
}

func keysOf(e Environment, name string, profiles map[string]map[string]string) (Finding, bool) {
	p := profiles[name]
	if p["aws_access_key_id"] == "" || p["aws_secret_access_key"] == "" {
		return none("")
	}
	return found(Keys, fmt.Sprintf("the keys in the profile %s%s", name, byVariable(e, name)), "")
}

func profileProcess(name func(Environment) string) step {
	return func(e Environment) (Finding, bool) { return processOf(e, name(e), e.merged()) }
}

func processOf(e Environment, name string, profiles map[string]map[string]string) (Finding, bool) {
	command := profiles[name]["credential_process"]
	if command == "" {
		return none("")
	}
	source := fmt.Sprintf("the credential_process of the profile %s%s", name, byVariable(e, name))
	if strings.Contains(command, "/rolechain credentials ") {
		source += ", which is rolechain's"
	}
	return found(Process, source, "")
}

// first takes the first of several that finds something in a profile.
func first(e Environment, name string, profiles map[string]map[string]string, look ...func(Environment, string, map[string]map[string]string) (Finding, bool)) (Finding, bool) {
	for _, l := range look {
		if at, ok := l(e, name, profiles); ok {
			return at, true
		}
	}
	return none("")
}

// goProfile is that of Go and Ruby. Of a profile with a source_profile nothing else counts. Go v1 reads the config file with
// AWS_SDK_LOAD_CONFIG alone.
func goProfile(always bool, named func(Environment) string) step {
	return func(e Environment) (Finding, bool) {
		profiles, name := e.merged(), named(e)
		if !always && !isTrue(e.vars["AWS_SDK_LOAD_CONFIG"]) {
			profiles = e.file(e.credentialsAt, true).profiles
			if at, ok := first(e, name, profiles, keysOf, chained, processOf); ok {
				return at, ok
			}
			return none("it reads no config file, since AWS_SDK_LOAD_CONFIG is not set")
		}
		return first(e, name, profiles, chained, keysOf, profileToken, processOf)
	}
}

func isTrue(value string) bool {
	return value == "1" || strings.EqualFold(value, "true") || value == "t"
}

// jsKeys is keysIn for JavaScript v3, where AWS_PROFILE comes before keys.
func jsKeys(e Environment) (Finding, bool) {
	if e.set("AWS_PROFILE") {
		if e.set("AWS_ACCESS_KEY_ID") {
			return none("AWS_PROFILE keeps it from the keys in AWS_ACCESS_KEY_ID")
		}
		return none("")
	}
	return keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")(e)
}

// jsProfile is that of JavaScript v3.
func jsProfile(e Environment) (Finding, bool) {
	return goingOn(e, chained, keysOf, profileToken, processOf)
}

// rustProfile takes a process before keys.
func rustProfile(e Environment) (Finding, bool) {
	return goingOn(e, chained, profileToken, processOf, keysOf)
}

// goingOn looks into the profile, and goes on when that leads nowhere.
func goingOn(e Environment, look ...func(Environment, string, map[string]map[string]string) (Finding, bool)) (Finding, bool) {
	name := goName(e)
	if e.set("AWS_PROFILE") && e.merged()[name] == nil {
		return none(fmt.Sprintf("AWS_PROFILE names the profile %q, which is not there", name))
	}
	at, ok := first(e, name, e.merged(), look...)
	if ok && at.Kind == Nothing {
		return none(at.Reason)
	}
	return at, ok
}

const emptyIsAName = "AWS_PROFILE is set and empty, which it takes for the name of a profile that is not there"

// emptyName is a step of an SDK that takes an empty AWS_PROFILE for a name.
func emptyName(look step) step {
	return func(e Environment) (Finding, bool) {
		if e.empties("AWS_PROFILE") != nil {
			return none(emptyIsAName)
		}
		return look(e)
	}
}

// rubyProfile is that of Ruby, where a web identity comes before the rest.
func rubyProfile(e Environment) (Finding, bool) {
	return first(e, goV2Name(e), e.merged(), profileToken, chained, keysOf, processOf)
}

// botoFileKeys are keys in the credentials file, which come before a process; those in the config file come behind it.
func botoFileKeys(e Environment) (Finding, bool) {
	return keysOf(e, botoName(e), e.file(e.credentialsAt, true).profiles)
}

// js2Profile is that of JavaScript v2, which reads the config file with AWS_SDK_LOAD_CONFIG alone.
func js2Profile(e Environment) (Finding, bool) {
	profiles, name := e.file(e.credentialsAt, true).profiles, goName(e)
	if e.set("AWS_SDK_LOAD_CONFIG") {
		profiles = e.merged()
	}
	return first(e, name, profiles, chained, keysOf)
}

func js2Process(e Environment) (Finding, bool) {
	profiles := e.file(e.credentialsAt, true).profiles
	if e.set("AWS_SDK_LOAD_CONFIG") {
		profiles = e.merged()
	}
	return processOf(e, goName(e), profiles)
}

// javaName is the profile of Java v2.
func javaName(e Environment) string {
	if at := e.properties["aws.profile"]; at != "" {
		return at
	}
	return goName(e)
}

// javaV1Name is the profile of Java v1, whose variable comes before its property.
func javaV1Name(e Environment) string {
	if at := e.vars["AWS_PROFILE"]; at != "" {
		return at
	}
	return javaName(e)
}

// javaProfile is that of Java v2: a process comes before keys.
func javaProfile(e Environment) (Finding, bool) {
	at := e
	if path := e.properties["aws.configFile"]; path != "" {
		at.configAt = path
	}
	if path := e.properties["aws.sharedCredentialsFile"]; path != "" {
		at.credentialsAt = path
	}
	if e.properties["aws.profile"] == "" && e.empties("AWS_PROFILE") != nil {
		return none(emptyIsAName)
	}
	name, profiles := javaName(e), at.merged()
	if profiles[name] == nil && name != "default" {
		return none(fmt.Sprintf("the profile %q is not there, and Java goes on without a word", name))
	}
	found, ok := first(e, name, profiles, chained, profileToken, processOf, keysOf)
	if ok && found.Kind == Nothing { // what other SDKs fail on makes it go on
		return none(found.Reason)
	}
	return found, ok
}

// javaV1Profile is that of Java v1: one file, the credentials file where there is one. It follows a role whose source has keys,
// and knows no web identity in a profile.
func javaV1Profile(e Environment) (Finding, bool) {
	path := e.vars["AWS_CREDENTIAL_PROFILES_FILE"]
	if path == "" {
		path = e.userHome + "/.aws/credentials"
	}
	f := e.file(path, true)
	if !f.there && e.vars["AWS_CREDENTIAL_PROFILES_FILE"] == "" {
		f = e.file(e.userHome+"/.aws/config", false)
	}
	name := javaV1Name(e)
	p := f.profiles[name]
	switch {
	case p == nil:
		return none("")
	case p["role_arn"] != "":
		if source := f.profiles[p["source_profile"]]; source["aws_access_key_id"] != "" {
			return chained(e, name, f.profiles)
		}
		return none("it cannot follow the role_arn of the profile " + name)
	}
	return first(e, name, f.profiles, processOf, keysOf)
}
