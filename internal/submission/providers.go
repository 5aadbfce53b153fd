package submission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/settings"
)

// Classes of credential providers. Neither S3A nor EMRFS asks the default chain of the AWS SDK. They have lists of their own, so
// each delivery needs the class that finds what it delivers.
const (
	webIdentityV1 = "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"
	webIdentityV2 = "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"
	profileV1     = "com.amazonaws.auth.profile.ProfileCredentialsProvider"
	profileV2     = "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider"

	// The one of S3A's default list that knows the loopback endpoint, for both SDKs; SDK v2's ContainerCredentialsProvider
	// has no constructor that S3A could call. EMRFS has no such class of its own.
	containerS3A = "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider"
	containerV1  = "com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper"

	// Those of rolechain's jar (hadoop/), which hand out the session of the profile that the bucket names.
	bucketV1 = "rolechain.aws.ProfileV1"
	bucketV2 = "rolechain.aws.ProfileV2"

	// Hadoop's own, from 3.4.2 on.
	bucketS3A = "org.apache.hadoop.fs.s3a.auth.ProfileAWSCredentialsProvider"

	// Those that do the second hop themselves, which SDK v1 does not do for a profile.
	assumedS3A   = "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider"
	assumedEMRFS = "com.amazonaws.emr.AssumeRoleAWSCredentialsProvider"
)

// providers are the classes for a file system: for every bucket that is not named, and for those of the job's and of the
// client's account; and for Iceberg's S3FileIO, which is the client role on every bucket. "" stands for the class of every.
// dynamoDB is for the connector that EMR brings; "" leaves it what the release pins. With byName, job is a class that takes
// the name of a profile from the bucket's own property, which ends in byName.
type providers struct{ every, job, byName, client, iceberg, dynamoDB string }

// providersOf is the table that this package is about. jar says that the image has rolechain's.
func providersOf(r Runtime, d settings.Delivery, direct, jar bool) providers {
	webIdentity, profile, container, assumed := webIdentityV1, profileV1, containerS3A, assumedS3A
	if r.SDK == 2 {
		webIdentity, profile, assumed = webIdentityV2, profileV2, profileV2
	}
	if r.EMRFS {
		container, assumed = containerV1, assumedEMRFS
	}
	var p providers
	switch d {
	case settings.Endpoint:
		p = providers{every: container, job: profile, iceberg: containerV2} // the profile that -Daws.profile names
		if r.EMRFS {
			p.iceberg = profileV2 // the release's SDK v2 is older than containerV2's create()
		}
		p.dynamoDB = container
		switch {
		case r.NamesProfiles:
			p.job, p.byName = bucketS3A, "auth.profile.name"
		case jar && r.SDK == 2:
			p.job, p.byName = bucketV2, "rolechain.profile"
		case jar:
			p.job, p.byName = bucketV1, "rolechain.profile"
		}
	case settings.File:
		p = providers{every: profile, job: webIdentity, iceberg: profileV2} // with EKS's variables kept
		if r.SDK == 1 {
			p.dynamoDB = profile
		}
	default:
		p = providers{every: webIdentity, client: assumed, iceberg: profileV2}
	}
	if direct && d != settings.Endpoint {
		p.job, p.client = "", "" // EKS's variables name the client role for every bucket
	}
	if !r.EMR {
		p.dynamoDB = ""
	}
	return p
}

// dynamoDBProvider names the provider of EMR's DynamoDB connector. EMR pins it to web identity (emr-6.8.0's spark-defaults), which
// fails without EKS's variables. The connector makes the class by a constructor without arguments, which of SDK v2's providers
// none has; IAMInstanceCredentialsProvider of S3A does.
const dynamoDBProvider = "spark.hadoop.dynamodb.customAWSCredentialsProvider"

// decide turns the table into properties, and into the variables and the option of the JVMs that belong to them.
func (s *Submission) decide() error {
	if err := s.possible(); err != nil {
		return err
	}
	p := providersOf(s.Runtime, s.Settings.Delivery, s.Direct, !s.WithoutJar)
	s.Properties[s.key("")] = p.every
	for _, b := range s.JobBuckets {
		switch {
		case p.byName != "":
			s.byName(b, s.Settings.BaseProfile, p)
		case p.job != "":
			s.Properties[s.key(b)] = p.job
		}
	}
	for _, item := range s.ClientBuckets {
		bucket, profile, named := strings.Cut(item, "=")
		switch {
		case named && p.byName != "":
			s.byName(bucket, profile, p) // a session that the refresher keeps
		case named:
			s.assume(bucket, s.roleOf(profile), cmp.Or(p.job, p.every))
		case p.client == assumedS3A:
			s.assume(bucket, s.Settings.ClientRole, p.every)
		case p.client == assumedEMRFS:
			s.Properties[s.key(bucket)] = p.client
			if !s.has(emrfsRole) {
				s.add(emrfsRole, s.Settings.ClientRole)
			}
		case p.client != "":
			s.Properties[s.key(bucket)] = p.client
		}
	}
	s.annotate()
	if p.dynamoDB != "" {
		s.Properties[dynamoDBProvider] = p.dynamoDB
	}
	if s.Runtime.EMRFS {
		s.note("the settings of EMRFS have not been run: they are as AWS's documentation has them", "try the job with a small input first; emr-7.10.0 and later have S3A")
	}
	if len(s.JobBuckets) == 0 && (s.Direct || s.Settings.Delivery != settings.Profile) {
		s.note("no -job-bucket: the driver fetches the job's own file as the client role", "name the bucket that only the job execution role may read")
	}
	if s.Settings.Delivery == settings.Endpoint && s.Settings.KeepSources && !s.PodIdentity {
		s.note("-set: ROLE_CHAIN_IRSA_ENV=keep leaves EKS's variables to the job, which boto3 and the SDKs for Java and Go read before what endpoint delivery gives them: they are the job execution role",
			"leave it out")
	}
	if s.asJobRole() && p.byName == "" {
		s.leadToJobRole()
	}
	if s.Runtime.EMR && p.dynamoDB == "" && !s.Settings.KeepSources && !s.Settings.TokenVariables {
		s.note("EMR pins its DynamoDB connector to EKS's variables, which "+string(s.Settings.Delivery)+" delivery removes, and of the AWS SDK v2 there is no provider that could take their place",
			"-delivery endpoint, if the job uses that connector")
	}
	return s.iceberg(p.iceberg)
}

// emrfsRole names the one role that assumedEMRFS assumes.
const emrfsRole = "ASSUME_ROLE_CREDENTIALS_ROLE_ARN"

// assume makes S3A do the second hop for a bucket itself, with a provider of the first hop's session.
func (s *Submission) assume(bucket, role, first string) {
	s.Properties[s.key(bucket)] = assumedS3A
	prefix := "spark.hadoop.fs.s3a.bucket." + bucket + ".assumed.role."
	s.Properties[prefix+"arn"] = role
	s.Properties[prefix+"credentials.provider"] = first
}

// byName has a bucket's requests signed with the session of a profile.
func (s *Submission) byName(bucket, profile string, p providers) {
	s.Properties[s.key(bucket)] = p.job
	prefix := "spark.hadoop.fs.s3a.bucket."
	if s.Runtime.EMRFS {
		prefix = "spark.hadoop.fs.s3.bucket."
	}
	s.Properties[prefix+bucket+"."+p.byName] = profile
}

// roleOf returns the role of a profile, which exists.
func (s *Submission) roleOf(profile string) string {
	for _, p := range s.Settings.Profiles {
		if p.Name == profile {
			return p.Role
		}
	}
	return ""
}

// asJobRole reports whether some bucket needs the job execution role, for itself or for a second hop of its own.
func (s *Submission) asJobRole() bool {
	return len(s.JobBuckets) > 0 || slices.ContainsFunc(s.ClientBuckets, func(b string) bool { return strings.Contains(b, "=") })
}

// leadToJobRole adds what the class in providers.job needs besides.
func (s *Submission) leadToJobRole() {
	switch s.Settings.Delivery {
	case settings.Endpoint:
		s.JavaOption = "-Daws.profile=" + s.Settings.BaseProfile
		s.note(s.JavaOption+" leads the default chain of every AWS SDK for Java in driver and executors to the job execution role, not S3A's alone",
			"take an image with rolechain's jar and leave out -without-jar; or name, for other clients in the JVM, the SDK's provider of container credentials, as -iceberg-catalog does for Iceberg's")
	case settings.File:
		if !s.has(irsaEnv) {
			s.add(irsaEnv, "keep")
			s.Settings.KeepSources = true
		}
		s.note("EKS's variables stay, for the buckets of the job execution role: the default chain of every AWS SDK for Java, and of Go, is that role",
			"with -delivery endpoint they need not stay")
	}
}

// key returns the property that names the provider for a bucket, or for all.
func (s *Submission) key(bucket string) string {
	switch {
	case s.Runtime.EMRFS && bucket == "":
		return "spark.hadoop.fs.s3.customAWSCredentialsProvider"
	case s.Runtime.EMRFS:
		return "spark.hadoop.fs.s3.bucket." + bucket + ".customAWSCredentialsProvider"
	case bucket == "":
		return "spark.hadoop.fs.s3a.aws.credentials.provider"
	}
	return "spark.hadoop.fs.s3a.bucket." + bucket + ".aws.credentials.provider"
}

// possible refuses what cannot work, with what can.
func (s *Submission) possible() error {
	const endpoint = "write -delivery endpoint"
	var problems []error
	fail := func(hint, format string, args ...any) {
		problems = append(problems, refuse(fmt.Errorf(format, args...), hint))
	}
	set := s.Settings
	removed := slices.Contains(s.Variables, Variable{irsaEnv, "remove"})
	switch {
	case s.PodIdentity && set.Delivery != settings.Endpoint:
		fail(endpoint, "-pod-identity: what Spark needs in %s delivery has not been looked at", set.Delivery)
	case removed && set.Delivery == settings.Profile:
		fail("leave it out, or "+endpoint, "-set: ROLE_CHAIN_IRSA_ENV=remove takes from Spark what it reads S3 with in profile delivery")
	case removed && set.Delivery == settings.File && s.asJobRole():
		fail("leave it out, or "+endpoint, "-set: ROLE_CHAIN_IRSA_ENV=remove takes from Spark what it is the job execution role by in file delivery")
	}
	if s.Direct && set.Delivery != settings.Endpoint {
		for _, b := range s.JobBuckets {
			fail(endpoint, "-job-bucket: %q: with -direct in %s delivery Spark is the client role on every bucket", b, set.Delivery)
		}
		for _, b := range s.ClientBuckets {
			if strings.Contains(b, "=") {
				fail(endpoint, "-client-bucket: %q asks for a second role, and with -direct in %s delivery Spark has one", b, set.Delivery)
			}
		}
		return errors.Join(problems...)
	}
	jar := set.Delivery == settings.Endpoint && (!s.WithoutJar || s.Runtime.NamesProfiles)
	if len(s.IcebergCatalogs) > 0 && s.Runtime.EMRFS && set.Delivery == settings.Endpoint && !jar && s.asJobRole() {
		fail("take an image with rolechain's jar, emr-7.10.0 or later, or another delivery", "-iceberg-catalog: Iceberg cannot make the AWS SDK's provider of container credentials in %s, and any other follows -job-bucket to the job execution role", s.Release)
	}
	for _, b := range s.ClientBuckets {
		switch named := strings.Contains(b, "="); {
		case named && jar:
		case named && s.Runtime.EMRFS:
			fail("take endpoint delivery and an image with rolechain's jar, leave it to boto3, or take a release with S3A: emr-7.10.0 or later", "-client-bucket: %q asks for a second role, and EMRFS knows one", b)
		case named && len(set.Via) > 0:
			fail("S3A does this hop itself, from the job execution role", "-client-bucket: %q would be reached without the roles of ROLE_CHAIN_VIA", b)
		}
	}
	if set.Delivery == settings.Profile && s.Runtime.SDK == 1 && len(s.ClientBuckets) > 0 {
		for _, c := range []struct {
			name string
			set  bool
		}{{"ROLE_CHAIN_VIA", len(set.Via) > 0}, {"ROLE_CHAIN_EXTERNAL_ID", set.Options.ExternalID != ""}} {
			if c.set {
				fail(endpoint, "-client-bucket: in profile delivery %s reads it by a provider that does not know %s", s.Release, c.name)
			}
		}
	}
	return errors.Join(problems...)
}

func (s *Submission) note(text, hint string) { s.Notes = append(s.Notes, Note{Text: text, Hint: hint}) }
