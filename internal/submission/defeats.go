package submission

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/jvm"
	"rolechain/internal/settings"
	"rolechain/internal/shell"
)

// Defeats names what in the existing configuration would keep the job from the roles that s gives it, if both were used
// together.
func (s Submission) Defeats() []Note { return s.defeats("-conf", s.Conf) }

// defeats is Defeats for a list of properties that came by a flag.
func (s Submission) defeats(flag string, list []Property) []Note {
	var notes []Note
	warn := func(hint, format string, args ...any) {
		notes = append(notes, Note{Text: flag + ": " + fmt.Sprintf(format, args...), Hint: hint})
	}
	ours := s.properties()
	delete(ours, imageProperty) // is not about the chain
	for _, p := range list {
		want, set := ours[p.Name]
		name, isVariable := variable(p.Name)
		switch {
		case isJavaOptions(p.Name):
			for _, option := range shell.Split(p.Value) {
				if name, _, _ := strings.Cut(option, "="); jvm.Leads(option) && option != s.JavaOption {
					warn("take it out, and the property's other options are kept", "%s has %s, by which the AWS SDKs for Java find other credentials", p.Name, name)
				}
			}
		case set && p.Value != want:
			warn("take it out, or write the other value: a job has this setting once", "%s is %q, and has to be %q", p.Name, p.Value, want)
		case set:
		case isVariable && s.has(name):
			warn("take it out: the pod templates have it", "%s is set beside the pod templates", p.Name)
		case isVariable && slices.Contains(credentialVariables, name):
			warn("take it out; rolechain sets what the job's SDKs need", "%s gives SDKs other credentials than the chain's, and Python workers get spark.executorEnv again after rolechain", p.Name)
		case isVariable && (name == "ROLE_2_ARN" || name == "ROLE_1_ARN"):
			warn("take it out: -client-role and -job-role are it", "%s is another name for a variable of this submission", p.Name)
		case isVariable && (strings.HasPrefix(name, "ROLE_CHAIN_") || flags[name] != "" && name != "AWS_REGION"):
			warn("take it out; "+cmp.Or(flags[name], "-set "+name+"=VALUE")+" gives it to driver and executors, checked", "%s is a setting of rolechain that this submission does not have", p.Name)
		case isKey(p.Name):
			warn("take it out", "%s gives S3A keys of its own, which it takes before the role chain", p.Name)
		case p.Name == "spark.hadoop.fs.s3.impl" && s.Runtime.EMR && !s.Runtime.EMRFS && strings.Contains(p.Value, "emr.hadoop.fs.EmrFileSystem"):
			warn("take it out", "%s has EMRFS read s3:// paths, which does not know what is written here for S3A", p.Name)
		case s.followsJobRole(p):
			warn("-iceberg-catalog NAME has it work as the client role", "%s is %s, which asks the default chain of its AWS SDK: that is the job execution role here", p.Name, p.Value)
		default:
			if problem := s.provider(p); problem != "" {
				warn("take it out, or name the bucket with -job-bucket or -client-bucket, the catalog with -iceberg-catalog", "%s is %s: %s", p.Name, p.Value, problem)
			}
		}
	}
	return notes
}

// credentialVariables are the variables by which an SDK finds credentials, and those by which rolechain tells it. What
// regions and endpoints say does not matter here.
var credentialVariables = []string{
	"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME",
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ACCESS_KEY", "AWS_SECRET_KEY",
	"AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AMAZON_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CREDENTIAL_PROFILES_FILE", "AWS_SDK_LOAD_CONFIG",
	"AWS_EC2_METADATA_DISABLED", "AWS_METADATA_ENDPOINT", "ASSUME_ROLE_CREDENTIALS_ROLE_ARN",
}

// variable returns the name of the variable that a property gives to the driver or to the executors.
func variable(property string) (name string, is bool) {
	for _, prefix := range []string{
		"spark.kubernetes.driverEnv.", "spark.executorEnv.",
		"spark.kubernetes.driver.secretKeyRef.", "spark.kubernetes.executor.secretKeyRef.",
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

// isKey reports whether a property of S3A, for all buckets or for one, is a part of a static key.
func isKey(property string) bool {
	rest, is := strings.CutPrefix(property, "spark.hadoop.fs.s3a.")
	return is && (strings.HasSuffix("."+rest, ".access.key") || strings.HasSuffix("."+rest, ".secret.key") || strings.HasSuffix("."+rest, ".session.token"))
}

// provider returns what is wrong with a pinned credential provider, for a bucket that the submission does not name.
func (s Submission) provider(p Property) string {
	iceberg := strings.HasPrefix(p.Name, "spark.sql.catalog.") && strings.HasSuffix(p.Name, credentialsOfCatalog)
	// S3A's own, and the one inside its AssumedRoleCredentialProvider.
	s3 := strings.HasPrefix(p.Name, "spark.hadoop.fs.s3") &&
		(strings.HasSuffix(p.Name, ".credentials.provider") || strings.HasSuffix(p.Name, ".customAWSCredentialsProvider"))
	if !iceberg && !s3 {
		return ""
	}
	for _, class := range strings.Split(p.Value, ",") {
		class = strings.TrimSpace(class)
		short := class[strings.LastIndexByte(class, '.')+1:]
		switch {
		case strings.HasPrefix(short, "WebIdentityToken") && !s.Settings.KeepIRSA:
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

// followsJobRole reports whether a property makes a client of Iceberg whose default chain ends at the job execution role, by EKS's
// variables or by -Daws.profile.
func (s Submission) followsJobRole(p Property) bool {
	rest, is := strings.CutPrefix(p.Name, "spark.sql.catalog.")
	name, key, _ := strings.Cut(rest, ".")
	clients := []string{"io-impl=" + s3FileIO, "catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog", "type=glue"}
	return is && slices.Contains(clients, key+"="+p.Value) && !slices.Contains(s.IcebergCatalogs, name) &&
		(s.JavaOption != "" || s.Settings.KeepIRSA && !s.PodIdentity)
}

func containerOnly(class string) bool {
	return class == "ContainerCredentialsProvider" || class == "IAMInstanceCredentialsProvider" || class == "EC2ContainerCredentialsProviderWrapper"
}

// withExisting returns an option of the JVM behind those of an existing configuration, which it would replace otherwise. It returns
// the option alone if one of them leads elsewhere; Defeats says why.
func (s Submission) withExisting(property, option string) string {
	for _, p := range s.Conf {
		if p.Name != property || p.Value == "" {
			continue
		}
		switch options := shell.Split(p.Value); {
		case slices.Contains(options, option):
			return p.Value
		case !slices.ContainsFunc(options, jvm.Leads):
			return p.Value + " " + option
		}
	}
	return option
}
