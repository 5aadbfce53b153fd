package submission

import (
	"cmp"
	"slices"
	"strings"

	"rolechain/internal/jobconf"
	"rolechain/internal/jvm"
	"rolechain/internal/settings"
	"rolechain/internal/shell"
)

// defeats names a property that would keep the job from the roles that the submission gives it.
func (j *judge) defeats(p jobconf.Property) {
	conflict := func(hint, format string, args ...any) { j.say(Conflict, p, hint, format, args...) }
	want, set := j.ours[p.Name]
	name, isVariable := variable(p.Name)
	if ours := j.value(name); isVariable && !set && !j.form.templates && ours != "" {
		want, set = ours, true // exported by a spark-env
	}
	switch {
	case isJavaOptions(p.Name) || isVariable && slices.Contains(jvm.OfJob, name):
		split := shell.Split // as Spark does
		if isVariable {
			split = jvm.Options
		}
		for _, option := range split(p.Value) {
			if jvm.Leads(option) && option != j.JavaOption {
				name, _, _ := strings.Cut(option, "=")
				conflict("take it out, and the property's other options are kept", "has %s, by which the AWS SDKs for Java find other credentials", name)
			}
		}
	case set && p.Unknown && p.Value != want:
		j.say(Doubt, p, "make sure that it becomes this value, or take it out", "is %s, and has to become %q", p.Value, want)
	case set && p.Value != want && p.Above != "":
		conflict("take it out, or write the other value", "is %q, which comes before %s, and has to be %q", p.Value, p.Above, want)
	case set && p.Value != want:
		conflict("take it out, or write the other value: a job has this setting once", "is %q, and has to be %q", p.Value, want)
	case set:
	case isVariable && j.has(name):
		conflict("take it out: the pod templates have it", "is set beside the pod templates")
	case isVariable && slices.Contains(credentialVariables, name):
		conflict("take it out; rolechain sets what the job's SDKs need", "gives SDKs other credentials than the chain's, after rolechain has cleared them: Python workers get spark.executorEnv again, and a spark-env is read later")
	case isVariable && (name == "ROLE_2_ARN" || name == "ROLE_1_ARN"):
		conflict("take it out: -client-role and -job-role are it", "is another name for a variable of this submission")
	case isVariable && (strings.HasPrefix(name, "ROLE_CHAIN_") || flags[name] != "" && name != "AWS_REGION"):
		conflict("take it out; "+cmp.Or(flags[name], "-set "+name+"=VALUE")+" gives it to driver and executors, checked", "is a setting of rolechain that this submission does not have")
	case isKey(p.Name):
		conflict("take it out", "gives keys that do not change, which come before the role chain")
	case p.Name == "spark.hadoop.fs.s3.impl" && j.Runtime.EMR && !j.Runtime.EMRFS && strings.Contains(p.Value, "emr.hadoop.fs.EmrFileSystem"):
		conflict("take it out", "has EMRFS read s3:// paths, which does not know what is written here for S3A")
	case j.isOfS3Tables(p):
		conflict("take it out, and the default chains are the client role in endpoint delivery; or take Iceberg's REST catalog, -iceberg-catalog NAME="+kindRESTS3,
			"is %s: the AWS SDK of S3TablesCatalog takes none but those that begin with %s, and S3FileIO none of these", p.Value, shadedSDK)
	case j.followsJobRole(p):
		conflict("-iceberg-catalog NAME has it work as the client role", "is %s, which asks the default chain of its AWS SDK: that is the job execution role here", p.Value)
	default:
		if problem := j.provider(p); problem != "" {
			conflict("take it out, or name the bucket with -job-bucket or -client-bucket, the catalog with -iceberg-catalog", "is %s: %s", p.Value, problem)
		}
	}
}

// value returns the value of one of the submission's variables, or "".
func (s Submission) value(name string) string {
	for _, v := range s.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// credentialVariables are the variables by which an SDK finds credentials, and those by which rolechain tells it. What
// regions and endpoints say does not matter here.
var credentialVariables = slices.Concat(
	settings.IRSAVariables, settings.KeyVariables, settings.ProfileVariables, []string{settings.RelativeURI}, settings.ContainerVariables,
	[]string{
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CREDENTIAL_PROFILES_FILE", "AWS_SDK_LOAD_CONFIG",
		"AWS_EC2_METADATA_DISABLED", "AWS_METADATA_ENDPOINT", "ASSUME_ROLE_CREDENTIALS_ROLE_ARN",
	})

// variable returns the name of the variable that a property gives to the driver or to the executors.
func variable(property string) (name string, is bool) {
	for _, prefix := range []string{
		"spark.kubernetes.driverEnv.", "spark.executorEnv.",
		"spark.kubernetes.driver.secretKeyRef.", "spark.kubernetes.executor.secretKeyRef.", jobconf.ExportPrefix,
	} {
		if name, is = strings.CutPrefix(property, prefix); is {
			return name, true
		}
	}
	return "", false
}

func isJavaOptions(name string) bool {
	return slices.Contains([]string{
		"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions",
		"spark.driver.defaultJavaOptions", "spark.executor.defaultJavaOptions",
	}, name)
}

// isKey reports whether a property is a part of a static key: of S3A, for all buckets or for one, and of what has options of its
// own for keys.
func isKey(property string) bool {
	for _, end := range []string{
		".access.key", ".secret.key", ".session.token", // S3A, and Hudi as hoodie.aws.access.key
		".s3.access-key-id", ".s3.secret-access-key", ".s3.session-token", // Iceberg
		".rest.access-key-id", ".rest.secret-access-key", ".rest.session-token", // Iceberg's REST catalog with SigV4
		".awsAccessKeyId", ".awsSecretAccessKey", ".awsSecretKey", ".awsSessionToken", // EMRFS, DynamoDB, Kinesis
		".hive.aws_session_access_id", ".hive.aws_session_secret_key", ".hive.aws_session_token", // Glue's catalog
	} {
		if strings.HasSuffix(property, end) {
			return strings.HasPrefix(property, "spark.hadoop.") || strings.HasPrefix(property, catalogs) || strings.Contains(property, "hoodie.aws.") ||
				strings.Contains(property, "dynamodb.") || strings.Contains(property, "kinesis.")
		}
	}
	return false
}

// provider returns what is wrong with a pinned credential provider, for a bucket that the submission does not name.
func (s Submission) provider(p jobconf.Property) string {
	iceberg := strings.HasPrefix(p.Name, catalogs) && strings.HasSuffix(p.Name, credentialsOfCatalog)
	// S3A's own, and the one inside its AssumedRoleCredentialProvider.
	s3 := strings.HasPrefix(p.Name, "spark.hadoop.fs.s3") &&
		(strings.HasSuffix(p.Name, ".credentials.provider") || strings.HasSuffix(p.Name, ".customAWSCredentialsProvider"))
	dynamoDB := strings.HasSuffix(p.Name, "dynamodb.customAWSCredentialsProvider") || strings.HasSuffix(p.Name, "S3DynamoDBLogStore.credentials.provider")
	if !iceberg && !s3 && !dynamoDB {
		return ""
	}
	for _, class := range strings.Split(p.Value, ",") {
		class = strings.TrimSpace(class)
		short := class[strings.LastIndexByte(class, '.')+1:]
		switch {
		case strings.HasPrefix(short, "WebIdentityToken") && !s.Settings.KeepSources && !s.Settings.TokenVariables:
			return "it reads EKS's variables, which " + string(s.Settings.Delivery) + " delivery removes"
		case class == containerV2 && s3 && !s.Runtime.EMR: // EMR's SDK is newer
			return "S3A of Hadoop 3.4.1 cannot make one: the class has no create() that it could call"
		case short == "InstanceProfileCredentialsProvider":
			return "it is the node's role"
		case strings.HasPrefix(class, "software.amazon.awssdk.") && s3 && s.Runtime.SDK == 1:
			return "it is of the AWS SDK v2, and " + s.Release + " has providers of v1"
		case strings.HasPrefix(class, "com.amazonaws.") && s3 && s.Runtime.SDK == 2 && !containerOnly(short): // for which S3A takes its own
			return "it is of the AWS SDK v1, and " + s.Release + " has providers of v2"
		case containerOnly(short) && s.Settings.Delivery != settings.Endpoint:
			return "it asks the container's endpoint, which only endpoint delivery has"
		}
	}
	return ""
}

// isOfS3Tables reports whether a property names a provider for S3TablesCatalog, which its S3FileIO gets as well.
func (j *judge) isOfS3Tables(p jobconf.Property) bool {
	catalog, is := strings.CutSuffix(p.Name, credentialsOfCatalog)
	return is && (strings.HasPrefix(p.Value, plainSDK) || strings.HasPrefix(p.Value, shadedSDK)) &&
		slices.ContainsFunc(j.named[catalog+".catalog-impl"], func(p jobconf.Property) bool { return p.Value == s3TablesCatalog })
}

// followsJobRole reports whether a property makes a client of Iceberg whose default chain ends at the job execution role, by EKS's
// variables or by -Daws.profile.
func (s Submission) followsJobRole(p jobconf.Property) bool {
	rest, is := strings.CutPrefix(p.Name, catalogs)
	name, key, _ := strings.Cut(rest, ".")
	clients := []string{"io-impl=" + s3FileIO, "catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog", "type=glue",
		"catalog-impl=" + s3TablesCatalog, "rest.sigv4-enabled=true", "rest.auth.type=sigv4"}
	return is && slices.Contains(clients, key+"="+p.Value) && !s.hasCatalog(name) && s.chainIsJobRole()
}

// chainIsJobRole reports whether the default chain of an AWS SDK for Java ends at the job execution role, by EKS's variables or by
// -Daws.profile.
func (s Submission) chainIsJobRole() bool {
	return s.JavaOption != "" || s.Settings.KeepSources && !s.PodIdentity && !s.Settings.TokenVariables
}

func containerOnly(class string) bool {
	return class == "ContainerCredentialsProvider" || class == "IAMInstanceCredentialsProvider" || class == "EC2ContainerCredentialsProviderWrapper"
}

// withExisting returns an option of the JVM behind those of an existing configuration, which it would replace otherwise. It returns
// the option alone if one of them leads elsewhere; a finding says why.
func (s Submission) withExisting(property, option string) string {
	var list []jobconf.Property
	for _, p := range s.Conf {
		if p.Name == property && p.Value != "" {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return option
	}
	value := effective(list).Value
	switch options := shell.Split(value); {
	case slices.Contains(options, option):
		return value
	case slices.ContainsFunc(options, jvm.Leads):
		return option
	}
	return value + " " + option
}
