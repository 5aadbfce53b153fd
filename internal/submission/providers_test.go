package submission

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/jobconf"
	"rolechain/internal/settings"
)

const (
	client = "arn:aws:iam::222222222222:role/client-role-2"
	job    = "arn:aws:iam::111111111111:role/job-execution-role-1"
)

func request(change func(*Request)) Request {
	r := Request{Form: SparkSubmit, Release: "spark-4.0", Delivery: "endpoint", ClientRole: client, JobRole: job, JobBuckets: []string{"jobs-1"}, ClientBuckets: []string{"data-2"}}
	if change != nil {
		change(&r)
	}
	return r
}

// With -direct EKS's variables, and the profile, are the client role on every bucket; only an endpoint has the job execution role
// beside it.
func TestDirect(t *testing.T) {
	direct := func(delivery, release string, more func(*Request)) Request {
		return request(func(r *Request) {
			r.Direct, r.Delivery, r.Release, r.JobBuckets, r.Set = true, delivery, release, nil, []string{"ROLE_CHAIN_DURATION=12h"}
			if more != nil {
				more(r)
			}
		})
	}
	for release, sdk := range map[string]string{"spark-3.5.9": "com.amazonaws.auth.", "spark-4.0": "software.amazon.awssdk.auth.credentials."} {
		for delivery, class := range map[string]string{"profile": "WebIdentityToken", "file": "ProfileCredentialsProvider", "endpoint": "IAMInstanceCredentialsProvider"} {
			s, err := Make(direct(delivery, release, nil))
			if err != nil {
				t.Fatal(err)
			}
			every := s.Properties["spark.hadoop.fs.s3a.aws.credentials.provider"]
			if s.value("ROLE_CHAIN_DIRECT") != "true" || !s.Settings.Direct || !strings.Contains(every, class) || delivery != "endpoint" && !strings.HasPrefix(every, sdk) {
				t.Errorf("%s, %s: %v, %v", release, delivery, s.Variables, s.Properties)
			}
			if len(s.Properties) != 1 { // none for a bucket, and no second hop
				t.Errorf("%s, %s: %v", release, delivery, s.Properties)
			}
			if s.JavaOption != "" || s.chainIsJobRole() || s.has(irsaEnv) {
				t.Errorf("%s, %s: %q, %v", release, delivery, s.JavaOption, s.Variables)
			}
			if !slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "fetches the job's own file as the client role") }) {
				t.Errorf("%s, %s: %v", release, delivery, s.Notes)
			}
		}
	}
	if s, err := Make(direct("endpoint", "spark-4.0", func(r *Request) { r.JobBuckets = []string{"jobs-1"} })); err != nil || s.Properties["spark.hadoop.fs.s3a.bucket.jobs-1.rolechain.profile"] != "job-execution-role" {
		t.Errorf("%v, %v", s.Properties, err)
	}
	for _, test := range []struct {
		r    Request
		want string
	}{
		{direct("profile", "spark-4.0", func(r *Request) { r.JobBuckets = []string{"jobs-1"} }), `-job-bucket: "jobs-1": with -direct in profile delivery Spark is the client role on every bucket`},
		{direct("file", "spark-4.0", func(r *Request) { r.JobBuckets = []string{"jobs-1"} }), `-job-bucket: "jobs-1": with -direct in file delivery`},
		{direct("profile", "spark-4.0", func(r *Request) {
			r.Profiles, r.ClientBuckets = []string{"x=" + client}, []string{"b-1=x"}
		}), `-client-bucket: "b-1=x" asks for a second role`},
		{direct("endpoint", "spark-4.0", func(r *Request) { r.PodIdentity, r.JobRole = true, "" }), `-direct: ROLE_CHAIN_DIRECT: "true" needs the web identity token`},
		{direct("endpoint", "spark-4.0", func(r *Request) { r.Set = []string{"ROLE_CHAIN_EXTERNAL_ID=id"} }), `-set: ROLE_CHAIN_EXTERNAL_ID: "id" cannot be carried by AssumeRoleWithWebIdentity`},
		{direct("endpoint", "spark-4.0", func(r *Request) { r.Set = []string{"ROLE_CHAIN_DIRECT=true"} }), `-set: "ROLE_CHAIN_DIRECT=true" has a flag of its own`},
		{request(func(r *Request) { r.Set = []string{"ROLE_CHAIN_DURATION=12h"} }), `-set: ROLE_CHAIN_DURATION: "12h" is longer than an hour`},
	} {
		if _, err := Make(test.r); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	// What a job has already is judged by who it is.
	s, err := Make(direct("file", "spark-4.0", func(r *Request) {
		r.Conf = []jobconf.Property{{Name: "spark.hadoop.fs.s3a.bucket.x.aws.credentials.provider", Value: webIdentityV2}, {Name: "spark.executorEnv.ROLE_CHAIN_DIRECT", Value: "false"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if found := s.Findings(); len(found) != 1 || !strings.Contains(found[0].Text, `ROLE_CHAIN_DIRECT is "false", and has to be "true"`) {
		t.Errorf("%+v", found)
	}
}

// What each file system needs in each delivery. S3A's rows have been run (docs/decisions.md, "Spark's credential
// providers"); EMRFS's cannot be.
func TestProviders(t *testing.T) {
	const (
		s3a       = "spark.hadoop.fs.s3a.aws.credentials.provider"
		s3aJobs   = "spark.hadoop.fs.s3a.bucket.jobs-1.aws.credentials.provider"
		s3aData   = "spark.hadoop.fs.s3a.bucket.data-2.aws.credentials.provider"
		emrfs     = "spark.hadoop.fs.s3.customAWSCredentialsProvider"
		emrfsJobs = "spark.hadoop.fs.s3.bucket.jobs-1.customAWSCredentialsProvider"
		emrfsData = "spark.hadoop.fs.s3.bucket.data-2.customAWSCredentialsProvider"
		s3aName   = "spark.hadoop.fs.s3a.bucket.jobs-1.rolechain.profile"
		emrfsName = "spark.hadoop.fs.s3.bucket.jobs-1.rolechain.profile"
	)
	v1 := map[string]map[string]string{
		"endpoint": {s3a: "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider", s3aJobs: "rolechain.aws.ProfileV1", s3aName: "job-execution-role"},
		"file":     {s3a: "com.amazonaws.auth.profile.ProfileCredentialsProvider", s3aJobs: "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"},
		"profile": {s3a: "com.amazonaws.auth.WebIdentityTokenCredentialsProvider", s3aData: "org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider",
			"spark.hadoop.fs.s3a.bucket.data-2.assumed.role.arn":                  client,
			"spark.hadoop.fs.s3a.bucket.data-2.assumed.role.credentials.provider": "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"},
	}
	v2 := map[string]map[string]string{
		"endpoint": {s3a: "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider", s3aJobs: "rolechain.aws.ProfileV2", s3aName: "job-execution-role"},
		"file": {s3a: "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider",
			s3aJobs: "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"},
		"profile": {s3a: "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider",
			s3aData: "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider"},
	}
	own := maps.Clone(v2)
	own["endpoint"] = map[string]string{s3a: v2["endpoint"][s3a], s3aJobs: "org.apache.hadoop.fs.s3a.auth.ProfileAWSCredentialsProvider",
		"spark.hadoop.fs.s3a.bucket.jobs-1.auth.profile.name": "job-execution-role"}
	const dynamoDB = "spark.hadoop.dynamodb.customAWSCredentialsProvider"
	with := func(base map[string]map[string]string, delivery string, class string) map[string]map[string]string {
		base = maps.Clone(base)
		base[delivery] = maps.Clone(base[delivery])
		base[delivery][dynamoDB] = class
		return base
	}
	emrS3A := with(v2, "endpoint", "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider")
	emr := with(with(map[string]map[string]string{
		"endpoint": {emrfs: "com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper", emrfsJobs: "rolechain.aws.ProfileV1", emrfsName: "job-execution-role"},
		"file":     {emrfs: "com.amazonaws.auth.profile.ProfileCredentialsProvider", emrfsJobs: "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"},
		"profile":  {emrfs: "com.amazonaws.auth.WebIdentityTokenCredentialsProvider", emrfsData: "com.amazonaws.emr.AssumeRoleAWSCredentialsProvider"},
	}, "endpoint", "com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper"), "file", "com.amazonaws.auth.profile.ProfileCredentialsProvider")
	for release, want := range map[string]map[string]map[string]string{
		"spark-3.3": v1, "spark-3.5.9": v1, "spark-4.0": v2, "spark-4.1.1": own, "emr-7.10.0": emrS3A, "emr-7.12": emrS3A, "emr-7.14.0": emrS3A, "emr-spark-8.0.0": emrS3A, "emr-spark-8.1.0": emrS3A, "emr-6.15.0": emr, "emr-7.0.0": emr, "emr-7.9.0": emr,
	} {
		for delivery, properties := range want {
			t.Run(release+" "+delivery, func(t *testing.T) {
				s, err := Make(request(func(r *Request) { r.Release, r.Delivery = release, delivery }))
				if err != nil {
					t.Fatal(err)
				}
				if !maps.Equal(s.Properties, properties) {
					t.Errorf("properties %v\nwant %v", s.Properties, properties)
				}
				p := s.properties()
				for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
					if value, there := p[name]; there {
						t.Errorf("%s is %q", name, value)
					}
				}
				if kept := s.has(irsaEnv); kept != (delivery == "file") {
					t.Errorf("%s is written: %v", irsaEnv, kept)
				}
				if assumed := s.has("ASSUME_ROLE_CREDENTIALS_ROLE_ARN"); assumed != (s.Runtime.EMRFS && delivery == "profile") {
					t.Errorf("the role for EMRFS's own provider is written: %v", assumed)
				}
				notRun := slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "have not been run") })
				if notRun != s.Runtime.EMRFS {
					t.Errorf("it says that the settings have not been run: %v", notRun)
				}
			})
		}
	}
}

// Without a bucket that stays on the job execution role nothing has to lead there.
func TestNoJobBucket(t *testing.T) {
	for _, delivery := range []string{"endpoint", "file", "profile"} {
		s, err := Make(request(func(r *Request) { r.Delivery, r.JobBuckets = delivery, nil }))
		if err != nil {
			t.Fatal(err)
		}
		warned := slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.HasPrefix(n.Text, "no -job-bucket") })
		if s.JavaOption != "" || s.has(irsaEnv) || warned != (delivery != "profile") {
			t.Errorf("%s: option %q, variables %v, notes %v", delivery, s.JavaOption, s.Variables, s.Notes)
		}
	}
}

// Without the jar a property of the JVM leads to the job execution role; where Hadoop can name a profile it is not needed.
func TestWithoutJar(t *testing.T) {
	for release, want := range map[string]struct{ class, option string }{
		"spark-3.5":  {profileV1, "-Daws.profile=irsa"},
		"emr-7.0.0":  {profileV1, "-Daws.profile=irsa"},
		"emr-7.14.0": {profileV2, "-Daws.profile=irsa"},
		"spark-4.1":  {bucketS3A, ""},
	} {
		s, err := Make(request(func(r *Request) {
			r.Release, r.WithoutJar, r.Set = release, true, []string{"ROLE_CHAIN_BASE_PROFILE=irsa"}
		}))
		warned := slices.ContainsFunc(s.Notes, func(n Note) bool {
			return strings.Contains(n.Text, "leads the default chain of every AWS SDK for Java")
		})
		if err != nil || s.JavaOption != want.option || s.Properties[s.key("jobs-1")] != want.class || warned != (want.option != "") {
			t.Errorf("%s: %q, %v, %v, %v", release, s.JavaOption, s.Properties, s.Notes, err)
		}
	}
}

// The base profile's name is a setting, and the bucket's property has to follow it.
func TestBaseProfile(t *testing.T) {
	s, err := Make(request(func(r *Request) { r.Set = []string{"ROLE_CHAIN_BASE_PROFILE=irsa"} }))
	if err != nil || s.Properties["spark.hadoop.fs.s3a.bucket.jobs-1.rolechain.profile"] != "irsa" {
		t.Errorf("%v, %v", s.Properties, err)
	}
}

// Every variable is there for the driver and for the executors, in every form that has them as properties.
func TestBothGetEveryVariable(t *testing.T) {
	s, err := Make(request(func(r *Request) {
		r.Region, r.Profiles = "eu-west-1", []string{"a=" + client, "b=" + client}
		r.Set = []string{"ROLE_CHAIN_SESSION_TAGS=team=x,cost=y", "ROLE_CHAIN_EXTERNAL_ID=id"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"CLIENT_ROLE_ARN": client, "WEB_IDENTITY_ROLE_ARN": job, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "ROLE_CHAIN_DELIVERY": "endpoint",
		"ROLE_CHAIN_ENTRYPOINT": "/opt/entrypoint.sh", "ROLE_CHAIN_PROFILES": "a=" + client + ",b=" + client,
		"ROLE_CHAIN_SESSION_TAGS": "team=x,cost=y", "ROLE_CHAIN_EXTERNAL_ID": "id",
	}
	driver, executors := map[string]string{}, map[string]string{}
	for name, value := range s.properties() {
		if name, is := strings.CutPrefix(name, "spark.kubernetes.driverEnv."); is {
			driver[name] = value
		}
		if name, is := strings.CutPrefix(name, "spark.executorEnv."); is {
			executors[name] = value
		}
	}
	if !maps.Equal(driver, want) || !maps.Equal(executors, want) {
		t.Errorf("driver %v\nexecutors %v\nwant %v", driver, executors, want)
	}
}

// With Pod Identity the entrypoint finds the first hop by EKS's variables; a role by name would mean IRSA.
func TestPodIdentity(t *testing.T) {
	for form, role := range map[Form]string{EMR: job, SparkSubmit: ""} {
		s, err := Make(request(func(r *Request) {
			r.Form, r.Release, r.PodIdentity, r.JobRole = form, "emr-7.10.0", true, role
		}))
		if err != nil {
			t.Fatal(err)
		}
		if s.has("WEB_IDENTITY_ROLE_ARN") || s.Settings.FirstHop != settings.PodIdentity || s.JavaOption != "" {
			t.Errorf("%s: %v, first hop %s, option %q", form, s.Variables, s.Settings.FirstHop, s.JavaOption)
		}
		if there := strings.Contains(string(s.Files()[0].Data), job); there != (form == EMR) {
			t.Errorf("%s: the job execution role is in it: %v", form, there)
		}
		for _, v := range s.Variables {
			if strings.HasPrefix(v.Name, "AWS_CONTAINER_") {
				t.Errorf("%s is written, which EKS injects", v.Name)
			}
		}
	}
}

// A bucket of another client role: its profile's session in endpoint delivery, also two of them with EMRFS; in the others,
// and without the jar, S3A does that hop itself, from the job execution role.
func TestSecondRole(t *testing.T) {
	const second = "arn:aws:iam::333333333333:role/second"
	const prefix = "spark.hadoop.fs.s3a.bucket.third-3."
	make := func(release, delivery string, change func(*Request)) Submission {
		t.Helper()
		s, err := Make(request(func(r *Request) {
			r.Release, r.Delivery, r.JobBuckets = release, delivery, nil
			r.Profiles, r.ClientBuckets = []string{"other=" + client, "second=" + second}, []string{"third-3=second", "data-2"}
			if change != nil {
				change(r)
			}
		}))
		if err != nil {
			t.Errorf("%s, %s: %v", release, delivery, err)
		}
		return s
	}
	for release, want := range map[string]map[string]string{
		"spark-3.5":  {"file": webIdentityV1, "profile": webIdentityV1},
		"emr-7.10.0": {"file": webIdentityV2, "profile": webIdentityV2},
	} {
		for delivery, first := range want {
			s := make(release, delivery, nil)
			p := s.Properties
			if p[prefix+"aws.credentials.provider"] != assumedS3A || p[prefix+"assumed.role.arn"] != second || p[prefix+"assumed.role.credentials.provider"] != first {
				t.Errorf("%s, %s: %v", release, delivery, p)
			}
			if s.JavaOption != "" || s.has(irsaEnv) != (delivery == "file") {
				t.Errorf("%s, %s: option %q, variables %v", release, delivery, s.JavaOption, s.Variables)
			}
		}
		s := make(release, "endpoint", nil)
		if p := s.Properties; p[prefix+"aws.credentials.provider"] != s.Properties[s.key("third-3")] || p[prefix+"rolechain.profile"] != "second" || p[prefix+"assumed.role.arn"] != "" || s.JavaOption != "" {
			t.Errorf("%s: %v", release, p)
		}
		s = make(release, "endpoint", func(r *Request) { r.WithoutJar = true })
		if p := s.Properties; p[prefix+"assumed.role.arn"] != second || s.JavaOption == "" {
			t.Errorf("%s without the jar: %v", release, p)
		}
	}
	s := make("emr-7.0.0", "endpoint", func(r *Request) { r.ClientBuckets = []string{"one-1=second", "two-2=other"} })
	for bucket, profile := range map[string]string{"one-1": "second", "two-2": "other"} {
		if s.Properties[s.key(bucket)] != bucketV1 || s.Properties["spark.hadoop.fs.s3.bucket."+bucket+".rolechain.profile"] != profile {
			t.Errorf("EMRFS: %v", s.Properties)
		}
	}
}

// EKS's variables come before an endpoint for most SDKs, and Pod Identity's give way to it.
func TestKeptVariables(t *testing.T) {
	for _, test := range []struct {
		change func(*Request)
		want   bool
	}{
		{func(r *Request) { r.Set = []string{irsaEnv + "=keep"} }, true},
		{func(r *Request) { r.Set = []string{irsaEnv + "=remove"} }, false},
		{func(r *Request) { r.Set, r.Delivery = []string{irsaEnv + "=keep"}, "profile" }, false},
		{func(r *Request) { r.Set, r.PodIdentity, r.JobRole = []string{irsaEnv + "=keep"}, true, "" }, false},
	} {
		s, err := Make(request(test.change))
		warned := slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "read before what endpoint delivery gives them") })
		if err != nil || warned != test.want {
			t.Errorf("%v, %s: warned %v, %v", s.Set, s.Delivery, warned, err)
		}
	}
}
