package submission

import (
	"slices"
	"strings"
	"testing"

	"rolechain/internal/exit"
)

// Each of these is refused, with the flag's name, and nothing else is.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		change func(*Request)
		want   string
	}{
		{func(r *Request) { r.Form = "yaml" }, `-for: "yaml" is none of emr, spark-submit, operator, managed-endpoint, pod-template`},
		{func(r *Request) { r.Release = "" }, `-release: "" is not a release`},
		{func(r *Request) { r.Release = "emr-7" }, `-release: "emr-7" is not a release`},
		{func(r *Request) { r.Release = "emr-7.10.0-Latest" }, `-release: "emr-7.10.0-Latest" is not a release`},
		{func(r *Request) { r.Release = "spark-4.0-latest" }, `-release: "spark-4.0-latest" is not a release`},
		{func(r *Request) { r.Release = "emr-6.14.0" }, `-release: "emr-6.14.0" is a release that spark-conf has no settings for`},
		{func(r *Request) { r.Release = "emr-8.0.0" }, `-release: "emr-8.0.0" is a release that spark-conf has no settings for`},
		{func(r *Request) { r.Release = "emr-spark-9.0.0" }, `-release: "emr-spark-9.0.0" is a release that spark-conf has no settings for`},
		{func(r *Request) { r.Release = "emr-spark-8" }, `-release: "emr-spark-8" is not a release`},
		{func(r *Request) { r.Release = "emr-spark-8.0.0-" }, `-release: "emr-spark-8.0.0-" is not a release`},
		{func(r *Request) { r.LogURI = "s3://b/" }, `-log-uri: "s3://b/" has no place in this form`},
		{func(r *Request) { r.Form, r.Release, r.LogURI = EMR, "emr-7.14.0", "b/c" }, `-log-uri: "b/c" does not begin with s3://`},
		{func(r *Request) { r.Form, r.Release, r.LogGroup = EMR, "emr-7.14.0", "a b" }, `-log-group: "a b" cannot be written`},
		{func(r *Request) { r.Release = "spark-3.2" }, `-release: "spark-3.2" is a release that spark-conf has no settings for`},
		{func(r *Request) { r.Form = EMR }, `-release: "spark-4.0" is not EMR's`},
		{func(r *Request) { r.ClientRole = "" }, `-client-role is missing`},
		{func(r *Request) { r.ClientRole = "x" }, `-client-role: CLIENT_ROLE_ARN: "x" is not an ARN`},
		{func(r *Request) { r.JobRole = "" }, `-job-role is missing`},
		{func(r *Request) { r.JobRole = "arn:aws-cn:iam::111111111111:role/j" }, `-job-role: WEB_IDENTITY_ROLE_ARN: "arn:aws-cn:iam::111111111111:role/j" is in another partition`},
		{func(r *Request) { r.PodIdentity = true }, `-job-role: "` + job + `" is not written with -pod-identity`},
		{func(r *Request) { r.PodIdentity, r.JobRole, r.Form, r.Release = true, "", EMR, "emr-7.10.0" }, `-job-role is missing`},
		{func(r *Request) { r.PodIdentity, r.JobRole, r.Form, r.Release = true, "j", EMR, "emr-7.10.0" }, `-job-role: CLIENT_ROLE_ARN: "j" is not an ARN`},
		{func(r *Request) { r.PodIdentity, r.JobRole, r.Delivery = true, "", "file" }, `-pod-identity: what Spark needs in file delivery has not been looked at`},
		{func(r *Request) { r.Delivery = "env" }, `-delivery: ROLE_CHAIN_DELIVERY: "env" is none of`},
		{func(r *Request) { r.Region = "us-east" }, `-region: AWS_REGION: "us-east" is not a region`},
		{func(r *Request) { r.Profiles = []string{"a"} }, `-profile: ROLE_CHAIN_PROFILES: "a" is not name=arn`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_VERIFY"} }, `-set: "ROLE_CHAIN_VERIFY" is not NAME=VALUE`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_VERIFI=true"} }, `-set: "ROLE_CHAIN_VERIFI=true" is not a setting`},
		{func(r *Request) { r.Set = []string{"AWS_PROFILE=x"} }, `-set: "AWS_PROFILE=x" is not a setting`},
		{func(r *Request) { r.Set = []string{"ROLE_2_ARN=" + client} }, `-set: "ROLE_2_ARN=` + client + `" is not a setting`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_DELIVERY=file"} }, `-set: "ROLE_CHAIN_DELIVERY=file" has a flag of its own`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_VERIFY=true", "ROLE_CHAIN_VERIFY=false"} }, `-set: "ROLE_CHAIN_VERIFY=true" is set twice`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_ENTRYPOINT=/a$(B)"} }, `-set: "ROLE_CHAIN_ENTRYPOINT=/a$(B)" has characters`},
		{func(r *Request) { r.Set = []string{"ROLE_CHAIN_DURATION=2h"} }, `-set: ROLE_CHAIN_DURATION: "2h" is longer than an hour`},
		{func(r *Request) { r.Set, r.Delivery = []string{"ROLE_CHAIN_SOURCE_IDENTITY=me"}, "file" }, `-set: ROLE_CHAIN_SOURCE_IDENTITY: "me" cannot be carried`},
		{func(r *Request) { r.Set, r.Delivery = []string{irsaEnv + "=remove"}, "profile" }, `-set: ROLE_CHAIN_IRSA_ENV=remove takes from Spark what it reads S3 with`},
		{func(r *Request) { r.Set, r.Delivery = []string{irsaEnv + "=remove"}, "file" }, `-set: ROLE_CHAIN_IRSA_ENV=remove takes from Spark what it is the job execution role by`},
		{func(r *Request) {
			r.Set, r.Delivery, r.Release = []string{"ROLE_CHAIN_EXTERNAL_ID=id"}, "profile", "spark-3.5"
		}, `-client-bucket: in profile delivery spark-3.5 reads it by a provider that does not know ROLE_CHAIN_EXTERNAL_ID`},
		{func(r *Request) {
			r.Set, r.Delivery, r.Release = []string{"ROLE_CHAIN_VIA=" + client}, "profile", "emr-6.15.0"
		},
			`-client-bucket: in profile delivery emr-6.15.0 reads it by a provider that does not know ROLE_CHAIN_VIA`},
		{func(r *Request) { r.JobBuckets = []string{"s3://jobs/x"} }, `-job-bucket: "s3://jobs/x" is a path`},
		{func(r *Request) { r.JobBuckets = []string{"Jobs"} }, `-job-bucket: "Jobs" is not the name of a bucket`},
		{func(r *Request) { r.JobBuckets = []string{"jobs", "data-2"} }, `-client-bucket: "data-2" is named twice`},
		{func(r *Request) { r.ClientBuckets = []string{"a-b", "a-b"} }, `-client-bucket: "a-b" is named twice`},
		{func(r *Request) { r.ClientBuckets = []string{"a-b=c"} }, `-client-bucket: "a-b=c" names no -profile`},
		{func(r *Request) {
			r.ClientBuckets, r.Profiles, r.Release, r.WithoutJar = []string{"a-b=c"}, []string{"c=" + client}, "emr-6.15.0", true
		},
			`-client-bucket: "a-b=c" asks for a second role, and EMRFS knows one`},
		{func(r *Request) {
			r.ClientBuckets, r.Profiles, r.Set, r.Delivery = []string{"a-b=c"}, []string{"c=" + client}, []string{"ROLE_CHAIN_VIA=" + client}, "file"
		}, `-client-bucket: "a-b=c" would be reached without the roles of ROLE_CHAIN_VIA`},
		{func(r *Request) { r.IcebergCatalogs = []string{"a.b"} }, `-iceberg-catalog: "a.b" is not the name of a catalog`},
		{func(r *Request) { r.IcebergCatalogs, r.Release, r.WithoutJar = []string{"c"}, "emr-7.2.0", true }, `-iceberg-catalog: Iceberg cannot make the AWS SDK's provider of container credentials in emr-7.2.0`},
		{func(r *Request) { r.Image = "a b" }, `-image: "a b" cannot be written`},
		{func(r *Request) { r.Class = "com.example.Job --verbose" }, `-class: "com.example.Job --verbose" cannot be written`},
		{func(r *Request) { r.Class, r.EntryPoint = "com.example.Job", "s3://a/b.py" }, `-class: "com.example.Job" does not go with -entry-point s3://a/b.py`},
		{func(r *Request) { r.EntryPoint = "s3://a/b c" }, `-entry-point: "s3://a/b c" cannot be written`},
		{func(r *Request) { r.Name = "Job" }, `-name: "Job" cannot be written`},
		{func(r *Request) { r.Arguments = []string{"$(HOME)"} }, `--: "$(HOME)" would be expanded by Kubernetes`},
		{func(r *Request) { r.Arguments = []string{"a", " "} }, `--: " " is no argument that every form can carry`},
		{func(r *Request) { r.Arguments = []string{"a\u0085"} }, `--: "a\u0085" is no argument that every form can carry`},
		{func(r *Request) { r.Form, r.Arguments = PodTemplate, []string{"a"} }, `--: "a" has no place in this form`},
		{func(r *Request) { r.VirtualCluster = "abc" }, `-virtual-cluster: "abc" has no place in this form`},
		{func(r *Request) { r.Form, r.Release, r.VirtualCluster = EMR, "emr-7.10.0", "ABC" }, `-virtual-cluster: "ABC" cannot be written`},
		{func(r *Request) { r.Form, r.Master = Operator, "k8s://x" }, `-master: "k8s://x" has no place in this form`},
		{func(r *Request) { r.Form, r.Namespace = PodTemplate, "emr" }, `-namespace: "emr" has no place in this form`},
		{func(r *Request) { r.Form, r.Release, r.ServiceAccount = EMR, "emr-7.10.0", "spark" }, `-service-account: "spark" has no place in this form`},
		{func(r *Request) {
			r.Form, r.Release, r.Set = EMR, "emr-7.10.0", []string{"ROLE_CHAIN_SESSION_TAGS=" + strings.Repeat("a", 100) + "=" + strings.Repeat("b", 250) + ",k=" + strings.Repeat("c", 250) + ",l=" + strings.Repeat("d", 250) + ",m=" + strings.Repeat("e", 250)}
		}, `spark.executorEnv.ROLE_CHAIN_SESSION_TAGS has 11`},
	} {
		_, err := Make(request(test.change))
		if err == nil {
			t.Errorf("accepted; want %s", test.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
		for _, e := range exit.All(err) {
			if code := exit.CodeOf(e); code != exit.BadSetting || exit.HintOf(e) == "" {
				t.Errorf("%v: code %d, hint %q", e, code, exit.HintOf(e))
			}
		}
	}
}

func TestEverythingAtOnce(t *testing.T) {
	_, err := Make(Request{Release: "x", Delivery: "y", JobBuckets: []string{"Z"}, Set: []string{"A=1", "ROLE_CHAIN_DURATION=1s"}})
	for _, want := range []string{"-for:", "-release:", "-client-role is missing", "-job-role is missing", "-job-bucket:", "-set: \"A=1\"", "-delivery:", "ROLE_CHAIN_DURATION"} {
		if err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%v\nwant %s, once", err, want)
		}
	}
}

func TestReleases(t *testing.T) {
	for name, want := range map[string]Runtime{
		"emr-7.10":                {EMR: true, Label: "emr-7.10.0-latest", Spark: "3.5", SDK: 2},
		"emr-7.10.0-20250801":     {EMR: true, Label: "emr-7.10.0-20250801", Spark: "3.5", SDK: 2},
		"emr-7.14.0":              {EMR: true, Label: "emr-7.14.0-latest", Spark: "3.5", SDK: 2},
		"emr-7.2.0-latest":        {EMR: true, Label: "emr-7.2.0-latest", Spark: "3.5", EMRFS: true, SDK: 1},
		"emr-6.15.0-java8-latest": {EMR: true, Label: "emr-6.15.0-java8-latest", Spark: "3.4", EMRFS: true, SDK: 1},
		"emr-spark-8.0.0":         {EMR: true, Label: "emr-spark-8.0.0-latest", Spark: "4.0", SDK: 2},
		"emr-spark-8.1.0-java17":  {EMR: true, Label: "emr-spark-8.1.0-java17", Spark: "4.0", SDK: 2},
		"spark-3.5.9":             {Spark: "3.5.9", SDK: 1},
		"spark-4.0":               {Spark: "4.0", SDK: 2},
	} {
		if got, like, problem := runtimeOf(name); got != want || like != "" || problem != "" {
			t.Errorf("%s: %+v %s %s, want %+v", name, got, like, problem, want)
		}
	}
}

// A newer release of a train is treated like the newest one that is known, and it says so.
func TestNewerReleases(t *testing.T) {
	for name, want := range map[string]string{
		"emr-7.14.0": "", "emr-7.14.3": "", "emr-7.15.0": "emr-7.14", "emr-7.99.0-latest": "emr-7.14", "emr-spark-8.1.0": "", "emr-spark-8.2.0": "emr-spark-8.1",
		"spark-3.5.9": "", "spark-3.6": "spark-3.5", "spark-4.1.1": "", "spark-4.2.0": "spark-4.1",
	} {
		s, err := Make(request(func(r *Request) { r.Release = name }))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, n := range s.Notes {
			if strings.HasPrefix(n.Text, "-release: ") {
				said += n.Text
			}
		}
		if (said == "") != (want == "") || !strings.HasSuffix(said, want) || want != "" && !strings.Contains(said, `"`+name+`" is newer`) {
			t.Errorf("%s: %q, want %q", name, said, want)
		}
	}
}

// What EMR is to do with logs is in the submission, and that nothing is to be done is said.
func TestLogs(t *testing.T) {
	for _, test := range []struct {
		uri, group string
		want       string // as JSON without blanks
		warned     bool
	}{
		{"", "", ``, true},
		{"s3://logs-1/x/", "", `"monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":"s3://logs-1/x/"}}`, false},
		{"", "/emr/jobs", `"monitoringConfiguration":{"cloudWatchMonitoringConfiguration":{"logGroupName":"/emr/jobs"}}`, false},
		{"s3://logs-1", "g", `"monitoringConfiguration":{"cloudWatchMonitoringConfiguration":{"logGroupName":"g"},"s3MonitoringConfiguration":{"logUri":"s3://logs-1"}}`, false},
	} {
		for _, form := range []Form{EMR, PodTemplate} {
			s, err := Make(request(func(r *Request) {
				r.Form, r.Release, r.LogURI, r.LogGroup = form, "emr-7.14.0", test.uri, test.group
			}))
			if err != nil {
				t.Fatal(err)
			}
			files := s.Files()
			text := strings.Join(strings.Fields(string(files[len(files)-1].Data)), "")
			if !strings.Contains(text, test.want) || test.want == "" && strings.Contains(text, "onitoring") {
				t.Errorf("%s: %s\nwant %s", form, text, test.want)
			}
			warned := slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.HasPrefix(n.Text, "no -log-uri and no -log-group") })
			if warned != test.warned {
				t.Errorf("%s %v: warned %v", form, test, warned)
			}
		}
	}
	s, err := Make(request(nil))
	if err != nil || slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "log") }) {
		t.Errorf("spark-submit knows no logs of EMR: %v, %v", s.Notes, err)
	}
}

// The role map is in the cluster, so names from it lead nowhere here, and ARNs are good.
func TestRoleMap(t *testing.T) {
	set := func(r *Request) { r.Set = []string{"ROLE_CHAIN_ROLE_MAP=/etc/rolechain/roles.yaml"} }
	s, err := Make(request(set))
	if err != nil || s.Settings.ClientRole != client {
		t.Errorf("%+v, %v", s.Settings, err)
	}
	_, err = Make(request(func(r *Request) { set(r); r.ClientRole = "lake" }))
	if err == nil || !strings.Contains(err.Error(), `"lake" is not an ARN`) {
		t.Error(err)
	}
}
