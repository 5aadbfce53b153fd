package submission

import (
	"regexp"
	"strings"

	"rolechain/internal/jobconf"
)

// roleOptions are the ends of the names of options by which connectors assume a role themselves, and what does it.
var roleOptions = []struct{ end, who string }{
	{"kinesis.stsRoleArn", "the Kinesis connector"},
	{"hoodie.aws.role.arn", "Hudi"},
	{".client.assume-role.arn", "Iceberg's AssumeRoleAwsClientFactory"},
	{"hive.metastore.glue.role.arn", "the Glue catalog's factory"},
	{".assumed.role.arn", "S3A's AssumedRoleCredentialProvider"},
	{".aws_iam_role", "Redshift, not the job,"},
}

// factories are classes that assume a role themselves, by the ends of their names.
var factories = []string{"AssumeRoleAwsClientFactory", "LakeFormationAwsClientFactory", "STSAssumeRoleSessionCredentialsProviderFactory", "AWSSTSAssumeRoleSessionCredentialsProvider"}

// assumes names options by which something in the job assumes a role itself, beside the chain.
func (j *judge) assumes(p jobconf.Property) {
	if _, set := j.ours[p.Name]; set || !strings.Contains(p.Name, ".") {
		return
	}
	if strings.Contains(p.Value, "LoginModule") { // MSK's own, or Kafka's with MSK's handler for OAUTHBEARER
		j.loginModule(p)
		return
	}
	for _, f := range factories {
		if strings.HasSuffix(p.Value, f) {
			j.say(Doubt, p, "take it out with its options: the default chain has the role already, or -iceberg-catalog names its provider",
				"is %s, which assumes a role itself, with a session that rolechain neither shares nor renews", f)
			return
		}
	}
	if strings.HasSuffix(p.Value, assumedEMRFS) && !j.everywhere(emrfsRole) {
		j.say(Doubt, p, "take the provider out: the chain has the role, and -client-bucket names a bucket", "is %s, which needs the variable %s in driver and executors", p.Value, emrfsRole)
	}
	arn := strings.TrimSpace(p.Value)
	if !isRole(arn) {
		return
	}
	who := ""
	for _, o := range roleOptions {
		if strings.HasSuffix("."+p.Name, o.end) {
			who = o.who
		}
	}
	if _, isVariable := variable(p.Name); isVariable || who == "" && !strings.Contains(strings.ToLower(p.Name), "role") {
		return // not an option by which something assumes a role, as far as the name says
	}
	if who == "" {
		who = "something"
	}
	j.assumed(p, arn, who, "is")
}

// assumed says what happens when something in the job assumes a role itself.
func (j *judge) assumed(p jobconf.Property, arn, who, verb string) {
	const takeOut = "take it out: the chain has done this hop. If the code cannot change, examples/iam/client-role-trust-self.json lets the role assume itself"
	switch asker := j.defaultChain(); {
	case sameRole(arn, j.Settings.ClientRole) && sameRole(asker, arn):
		j.say(Doubt, p, takeOut, "%s %s, which %s would assume: the client role would assume itself, and STS denies that unless its trust policy names itself", verb, arn, who)
	case sameRole(arn, j.Settings.ClientRole):
		j.say(Doubt, p, takeOut, "%s %s, which %s assumes once more from the job execution role, its default chain here; where the default chain is the client role, that role would assume itself", verb, arn, who)
	case sameRole(arn, j.JobRole):
		j.say(Doubt, p, "take it out, or see -job-bucket for S3", "%s %s, which %s would assume: %s would assume the role from which the chain begins", verb, arn, who, j.role(asker))
	default:
		j.say(Doubt, p, "let that role assume it on both sides, or name the role with -profile",
			"%s %s, which %s assumes as %s, in a session of its own that rolechain neither shares nor renews", verb, arn, who, j.role(asker))
	}
}

// loginModule reads MSK's options in a JAAS configuration.
func (j *judge) loginModule(p jobconf.Property) {
	for _, o := range jaasOption.FindAllStringSubmatch(p.Value, -1) {
		name, value := o[1], o[2]
		switch {
		case name == "awsRoleArn":
			j.assumed(p, value, "MSK's login module", "has awsRoleArn")
		case name == "awsProfileName" && value != "default" && value != j.Settings.BaseProfile && j.roleOf(value) == "":
			j.say(Doubt, p, "take it out: the default chain has the role", "has awsProfileName %s, a profile that the role chain does not write", value)
		case name == "awsProfileName":
			j.say(Remark, p, "take it out unless another role is meant", "has awsProfileName %s: the connector is that profile's role", value)
		}
	}
}

// everywhere reports whether driver and executors have a variable.
func (j *judge) everywhere(name string) bool {
	has := func(prefix string) bool {
		return j.named[prefix+name] != nil || j.named[jobconf.ExportPrefix+name] != nil
	}
	return j.has(name) || has("spark.kubernetes.driverEnv.") && has("spark.executorEnv.")
}

// jaasOption is one of a JAAS configuration, in which there may be spaces around the sign; a shell or a file may have left a
// backslash before a quotation mark.
var jaasOption = regexp.MustCompile(`(\w+)\s*=[\s"'\\]*([^\s"';\\]*)`)

// isRole reports whether a value is the ARN of a role, or of a session of one.
func isRole(value string) bool {
	account, _ := roleIn(value)
	return account != ""
}

// roleIn returns the account and the name of a role. IAM has a name once in an account, whatever its path and its case are, and a
// session's ARN (sts:...:assumed-role/NAME/SESSION) has no path.
func roleIn(arn string) (account, name string) {
	parts := strings.SplitN(strings.ToLower(arn), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", ""
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[2] == "iam" && kind == "role":
		return parts[4], rest[strings.LastIndexByte(rest, '/')+1:]
	case parts[2] == "sts" && kind == "assumed-role":
		name, _, _ = strings.Cut(rest, "/")
		return parts[4], name
	}
	return "", ""
}

// sameRole reports whether two ARNs are spellings of one role.
func sameRole(a, b string) bool {
	account, name := roleIn(a)
	other, its := roleIn(b)
	return account != "" && account == other && name == its
}

// asks says which role asks services beside S3 that are configured by properties: those use the default chain of their SDK.
func (j *judge) asks(p jobconf.Property) {
	what := ""
	switch {
	case strings.HasSuffix(p.Name, "hoodie.write.lock.provider") && strings.Contains(p.Value, "DynamoDB"):
		what = "Hudi's lock table in DynamoDB"
	case strings.Contains(p.Name, "delta.logStore") && strings.Contains(p.Value, "DynamoDB"):
		what = "Delta's table of commits in DynamoDB"
	case strings.HasSuffix(p.Name, ".lock-impl") && strings.Contains(p.Value, "DynamoDb"):
		what = "Iceberg's lock table in DynamoDB"
	case strings.HasSuffix(p.Name, "hive.metastore.client.factory.class") && strings.Contains(p.Value, "AWSGlueDataCatalog"):
		what = "the Glue Data Catalog"
	default:
		return
	}
	weight, hint := Remark, "its policies have to allow it"
	if j.defaultChain() == j.JobRole {
		weight, hint = Doubt, "endpoint delivery without -job-bucket asks as the client role; or let the job execution role ask"
	}
	j.say(weight, p, hint, "has the default chain of the AWS SDK for Java ask %s: as %s", what, j.role(j.defaultChain()))
}

// freezes names connectors that copy the keys of the moment and hand them to another service.
func (j *judge) freezes(p jobconf.Property) {
	last := p.Name[strings.LastIndexByte(p.Name, '.')+1:]
	lower := strings.ToLower(p.Name)
	switch {
	case last == "forward_spark_s3_credentials" && strings.EqualFold(p.Value, "true"), strings.HasPrefix(last, "temporary_aws_"):
		j.say(Doubt, p, "use aws_iam_role with a role that is attached to the Redshift cluster",
			"gives Redshift the keys of the moment for COPY and UNLOAD, which end with the session, an hour after it began")
	case strings.Contains(lower, "snowflake") && (strings.EqualFold(last, "tempdir") || strings.HasPrefix(last, "awsAccessKey") || strings.HasPrefix(last, "awsSecretKey")),
		strings.Contains(lower, "sftempdir"):
		j.say(Doubt, p, "leave it out, and Snowflake's internal stage is used; or use a storage integration",
			"gives Snowflake the keys of the moment for an external stage, which end with the session, an hour after it began")
	}
}
