package families

import (
	"net/url"
	"strings"

	"rolechain/internal/handover"
)

// keysIn finds keys in variables.
func keysIn(id, secret string) step {
	return func(e Environment) (Finding, bool) {
		if e.set(id) && e.set(secret) {
			return found(Keys, "the keys in "+id+" and "+secret, "")
		}
		return none(halfKeys(e, id, secret))
	}
}

func halfKeys(e Environment, id, secret string) string {
	switch {
	case e.set(id):
		return id + " is set without " + secret
	case e.set(secret):
		return secret + " is set without " + id
	}
	if list := e.empties(id, secret); list != nil {
		return strings.Join(list, " and ") + " is set and empty, which counts as unset"
	}
	return ""
}

// botoKeys is keysIn for botocore, which fails on a half.
func botoKeys(e Environment) (Finding, bool) {
	if e.set("AWS_ACCESS_KEY_ID") && !e.set("AWS_SECRET_ACCESS_KEY") {
		return broken("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
	}
	return keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")(e)
}

// objectStoreKeys is keysIn for object_store, which fails on a half.
func objectStoreKeys(e Environment) (Finding, bool) {
	if e.empties("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") != nil {
		return broken("a variable for its keys is set and empty, which counts as a key: it signs with nothing; delete the variable")
	}
	if half := halfKeys(e, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"); e.isSet("AWS_ACCESS_KEY_ID") != e.isSet("AWS_SECRET_ACCESS_KEY") {
		return broken("%s", half)
	}
	return keysIn("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")(e)
}

// javaV1Keys knows two names for each.
func javaV1Keys(e Environment) (Finding, bool) {
	id, secret := "AWS_ACCESS_KEY_ID", "AWS_SECRET_KEY"
	if !e.isSet(id) {
		id = "AWS_ACCESS_KEY"
	}
	if !e.isSet(secret) {
		secret = "AWS_SECRET_ACCESS_KEY"
	}
	if strings.TrimSpace(e.vars[id]) != "" && strings.TrimSpace(e.vars[secret]) != "" {
		return found(Keys, "the keys in "+id+" and "+secret, "")
	}
	return none(halfKeys(e, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
}

// propertyKeys finds keys in a JVM's options.
func propertyKeys(secret string) step {
	return func(e Environment) (Finding, bool) {
		if e.properties["aws.accessKeyId"] != "" && e.properties[secret] != "" {
			return found(Keys, "the keys in -Daws.accessKeyId and -D"+secret+" of "+e.from["aws.accessKeyId"], "")
		}
		return none("")
	}
}

// webStrict finds the web identity variables. With a token file and without a role it fails.
func webStrict(e Environment) (Finding, bool) {
	if e.set("AWS_WEB_IDENTITY_TOKEN_FILE") && !e.set("AWS_ROLE_ARN") {
		return broken("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN")
	}
	return web(e, true)
}

// webLax goes on without a role.
func webLax(e Environment) (Finding, bool) { return web(e, true) }

// rubyWeb is that of Ruby, which takes empty variables for values.
func rubyWeb(e Environment) (Finding, bool) {
	if e.isSet("AWS_ROLE_ARN") && e.empties("AWS_WEB_IDENTITY_TOKEN_FILE") != nil {
		return broken("AWS_WEB_IDENTITY_TOKEN_FILE is set and empty, which counts as set: delete it")
	}
	return web(e, true)
}

// web finds the web identity variables. must says that a token file which is not there is an error.
func web(e Environment, must bool) (Finding, bool) {
	token, role := e.vars["AWS_WEB_IDENTITY_TOKEN_FILE"], e.vars["AWS_ROLE_ARN"]
	switch {
	case token == "" || role == "":
		if list := e.empties("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"); list != nil {
			return none(strings.Join(list, " and ") + " is set and empty, which counts as unset")
		}
		return none("")
	case !fileExists(token) && must:
		return broken("AWS_WEB_IDENTITY_TOKEN_FILE names %s, which is not there", token)
	case !fileExists(token):
		return none("AWS_WEB_IDENTITY_TOKEN_FILE names " + token + ", which is not there")
	}
	return found(Token, "the web identity token, by AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN", role)
}

// javaWeb takes the token and the role from properties, too, and goes on when it cannot use them.
func javaWeb(e Environment) (Finding, bool) {
	token, role := e.vars["AWS_WEB_IDENTITY_TOKEN_FILE"], e.vars["AWS_ROLE_ARN"]
	by := "by AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN"
	for property, into := range map[string]*string{"aws.webIdentityTokenFile": &token, "aws.roleArn": &role} {
		if value := e.properties[property]; value != "" {
			*into, by = value, "by -D"+property+" of "+e.from[property]+" and EKS's variables"
		}
	}
	if token != "" && role != "" && fileExists(token) {
		return found(Token, "the web identity token, "+by, role)
	}
	if token != "" && role != "" {
		return none("the token file " + token + " is not there, and Java goes on without a word")
	}
	return none("")
}

// container finds the container's endpoint.
func container(e Environment) (Finding, bool) {
	if e.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
		return found(Container, "the container's endpoint, by AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
	}
	if e.set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
		return fullURI(e)
	}
	if list := e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"); list != nil {
		return none(strings.Join(list, " and ") + " is set and empty: some SDKs fail on that, and it must be deleted")
	}
	return none("")
}

func fullURI(e Environment) (Finding, bool) {
	whose := "the container's endpoint"
	if u, err := url.Parse(e.vars["AWS_CONTAINER_CREDENTIALS_FULL_URI"]); err == nil {
		switch {
		case u.Hostname() == "169.254.170.23" || u.Hostname() == "fd00:ec2::23":
			whose = "EKS Pod Identity's agent"
		case u.Path == handover.CredentialsPath:
			whose = "rolechain's endpoint"
		}
	}
	return found(Container, whose+", by AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
}

// containerPresent is botocore's, which takes an empty variable for a value.
func containerPresent(e Environment) (Finding, bool) {
	if list := e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); list != nil {
		return broken("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, which counts as set: delete it")
	}
	if !e.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") && e.empties("AWS_CONTAINER_CREDENTIALS_FULL_URI") != nil {
		return broken("AWS_CONTAINER_CREDENTIALS_FULL_URI is set and empty, which counts as set: delete it")
	}
	return container(e)
}

// cppProfileWeb is that of C++, which ends the whole process for want of an event loop (pyarrow 26, SDK 1.11.900).
func cppProfileWeb(e Environment) (Finding, bool) {
	if _, ok := profileToken(e, goName(e), e.merged()); ok {
		return broken("the profile %s has a web_identity_token_file, on which it aborts the process", goName(e))
	}
	return none("")
}

// rubyContainer is that of Ruby 3.168.
func rubyContainer(e Environment) (Finding, bool) {
	switch {
	case e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != nil:
		return broken("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, which counts as set: delete it")
	case !e.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") && e.set("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
		return none("AWS_CONTAINER_CREDENTIALS_FULL_URI is not known to its version 3.168, which Debian has")
	}
	return container(e)
}

// javaContainer takes the address from properties, too, and an empty relative one for a value.
func javaContainer(e Environment) (Finding, bool) {
	for _, property := range []string{"aws.containerCredentialsPath", "aws.containerCredentialsFullUri"} {
		if e.properties[property] != "" {
			return found(Container, "the container's endpoint, by -D"+property+" of "+e.from[property], "")
		}
	}
	if e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != nil {
		return none("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, which counts as set: it fails on that and goes on without a word; delete the variable")
	}
	return container(e)
}

// javaV1Container fails on an empty relative address.
func javaV1Container(e Environment) (Finding, bool) {
	if e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != nil {
		return broken("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, which counts as set: delete it")
	}
	return container(e)
}

// javaV1Web calls itself for a role without a token.
func javaV1Web(e Environment) (Finding, bool) {
	if e.set("AWS_ROLE_ARN") && !e.isSet("AWS_WEB_IDENTITY_TOKEN_FILE") && e.properties["aws.webIdentityTokenFile"] == "" {
		return broken("AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE: it asks itself for credentials until the stack is full (StackOverflowError)")
	}
	return javaWeb(e)
}

// objectStoreContainer knows the endpoint with a token file alone.
func objectStoreContainer(e Environment) (Finding, bool) {
	if e.empties("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != nil {
		return broken("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set and empty, which counts as set: delete it")
	}
	if e.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || e.set("AWS_CONTAINER_CREDENTIALS_FULL_URI") && e.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
		return container(e)
	}
	if e.set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
		return none("AWS_CONTAINER_CREDENTIALS_FULL_URI counts for it with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE alone")
	}
	return none("")
}

// metadata is the last resort.
func metadata(e Environment) (Finding, bool) {
	if strings.EqualFold(e.vars["AWS_EC2_METADATA_DISABLED"], "true") {
		return none("the metadata service is closed by AWS_EC2_METADATA_DISABLED")
	}
	return found(Metadata, "the node's role, from the metadata service, where the pod reaches it", "")
}

// alwaysMetadata is that of object_store, which knows AWS_METADATA_ENDPOINT alone.
func alwaysMetadata(e Environment) (Finding, bool) {
	if at := e.vars["AWS_METADATA_ENDPOINT"]; at != "" {
		return none("the metadata service is asked at " + at + ", by AWS_METADATA_ENDPOINT")
	}
	return found(Metadata, "the node's role, from the metadata service, where the pod reaches it (AWS_EC2_METADATA_DISABLED does not count for it)", "")
}
