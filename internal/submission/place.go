package submission

import (
	"slices"
	"strings"

	"rolechain/internal/exit"
)

// A place is what a flag says about a job apart from roles: its files, its name, where it runs.
type place struct {
	flag      string
	value     func(*Request) *string
	maxLength int
	allowed   string // characters
	hint      string
	where     string                   // what the flag is for; "" for every form
	standIn   func(*Submission) string // what is written when the flag is not given; nil for nothing
	silent    bool                     // standIn is a default that works, not a placeholder
}

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
	letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

var places = []place{
	{
		flag: "-image", value: func(r *Request) *string { return &r.Image }, maxLength: 1024, allowed: letters + digits + "./:@_-",
		hint: "for example 111122223333.dkr.ecr.us-east-1.amazonaws.com/spark:chained", standIn: always("IMAGE"),
	},
	{
		flag: "-inject", value: func(r *Request) *string { return &r.Inject }, maxLength: 1024, allowed: letters + digits + "./:@_-",
		hint: "for example 111122223333.dkr.ecr.us-east-1.amazonaws.com/rolechain:v1.0.0",
	},
	{
		flag: "-name", value: func(r *Request) *string { return &r.Name }, maxLength: 63, allowed: lower + digits + "-",
		hint: "lower case letters, digits and -", where: "a job", standIn: always("role-chain-job"), silent: true,
	},
	{
		flag: "-entry-point", value: func(r *Request) *string { return &r.EntryPoint }, maxLength: 256, allowed: letters + digits + "./:@_+=,~%-",
		hint: "a URI without blanks, such as s3://bucket/job.py", where: "a job",
		standIn: func(s *Submission) string { return s.Runtime.Scheme() + "://" + s.anyJobBucket() + "/job.py" },
	},
	{
		flag: "-class", value: func(r *Request) *string { return &r.Class }, maxLength: 1024, allowed: letters + digits + "._",
		hint: "for example com.example.Job", where: "a job",
	},
	{
		flag: "-virtual-cluster", value: func(r *Request) *string { return &r.VirtualCluster }, maxLength: 64, allowed: lower + digits,
		hint: "`aws emr-containers list-virtual-clusters` shows the id", where: "start-job-run", standIn: always("yourvirtualclusterid"), // an id has no capitals
	},
	{
		flag: "-master", value: func(r *Request) *string { return &r.Master }, maxLength: 1024, allowed: letters + digits + "./:[]_-",
		hint: "for example k8s://https://kubernetes.default.svc:443", where: "spark-submit", standIn: always("k8s://https://CLUSTER:443"),
	},
	{
		flag: "-namespace", value: func(r *Request) *string { return &r.Namespace }, maxLength: 63, allowed: lower + digits + "-",
		hint: "a namespace of Kubernetes", where: "spark-submit and operator", standIn: always("default"), silent: true,
	},
	{
		flag: "-service-account", value: func(r *Request) *string { return &r.ServiceAccount }, maxLength: 253, allowed: lower + digits + ".-",
		hint: "a service account of Kubernetes", where: "pods that EMR does not start", standIn: always("spark"), silent: true, // EMR has accounts of its own
	},
	{
		flag: "-log-uri", value: func(r *Request) *string { return &r.LogURI }, maxLength: 1024, allowed: letters + digits + "./:_+=,~%-",
		hint: "for example s3://bucket/logs/", where: "start-job-run",
	},
	{
		flag: "-log-group", value: func(r *Request) *string { return &r.LogGroup }, maxLength: 512, allowed: letters + digits + ".-_/#",
		hint: "the name of a log group of CloudWatch, such as /emr-on-eks/jobs", where: "start-job-run",
	},
}

func always(value string) func(*Submission) string { return func(*Submission) string { return value } }

func (s *Submission) takes(p place) bool {
	return p.where == "" || slices.Contains(s.form.takes, p.flag)
}

// checkPlaces checks what is neither a role nor a setting of rolechain.
func (s *Submission) checkPlaces(fail failure) {
	s.checkBuckets(fail)
	for _, a := range s.Arguments {
		switch {
		case s.merge:
			fail("--", a, "is an argument of a job that has its own", "leave it out with -merge")
		case !slices.Contains(s.form.takes, "--"):
			fail("--", a, "has no place in this form", "leave it out; it is for a job")
		case strings.Contains(a, "$("):
			fail("--", a, "would be expanded by Kubernetes", "leave $( out; a file in S3 can carry it")
		case strings.TrimSpace(a) == "" || len(a) > maxArgument || !plain(a):
			fail("--", a, "is no argument that every form can carry", "1 to 10280 bytes of UTF-8, not blanks alone, no control characters")
		}
	}
	for _, p := range places {
		switch value := *p.value(&s.Request); {
		case value == "":
		case s.merge && !slices.Contains([]string{"-image", "-log-uri", "-log-group"}, p.flag):
			fail(p.flag, value, "is for a job that is written anew", "leave it out with -merge: the job has its own")
		case !s.takes(p):
			fail(p.flag, value, "has no place in this form", "leave it out; it is for "+p.where)
		case p.flag == "-class" && strings.HasSuffix(s.EntryPoint, ".py"):
			fail(p.flag, value, "does not go with -entry-point "+s.EntryPoint, "leave it out, or name the jar")
		case p.flag == "-log-uri" && !strings.HasPrefix(value, "s3://"):
			fail(p.flag, value, "does not begin with s3://", p.hint)
		case len(value) > p.maxLength || !only(value, p.allowed) || strings.Trim(value, ".-") != value:
			fail(p.flag, value, "cannot be written", p.hint)
		}
	}
}

// fillPlaces gives a value to each place that has none, and notes those that have to be replaced.
func (s *Submission) fillPlaces() {
	for _, p := range places {
		value := p.value(&s.Request)
		if *value != "" || !s.takes(p) || p.standIn == nil {
			continue
		}
		*value = p.standIn(s)
		if !p.silent {
			s.note(p.flag+" is not given: "+*value+" stands in its place", "replace it")
		}
	}
	if slices.Contains(s.form.takes, "-log-uri") && s.LogURI == "" && s.LogGroup == "" {
		s.note("no -log-uri and no -log-group: when the pods of the job are gone, so are their logs", "for example -log-uri s3://bucket/logs/ -log-group /emr-on-eks/jobs")
	}
	if s.form.note.Text != "" {
		s.Notes = append(s.Notes, s.form.note)
	}
}

// anyJobBucket returns the bucket in which the job's own files can lie.
func (s *Submission) anyJobBucket() string {
	if len(s.JobBuckets) > 0 {
		return s.JobBuckets[0]
	}
	return "BUCKET"
}

// checkBuckets checks the names of buckets, and that each has one role.
func (s *Submission) checkBuckets(fail failure) {
	seen := map[string]bool{}
	bucket := func(flag, name string) {
		checkBucket(fail, flag, name)
		if seen[name] {
			fail(flag, name, "is named twice", "one bucket, one role")
		}
		seen[name] = true
	}
	for _, b := range s.JobBuckets {
		bucket("-job-bucket", b)
	}
	for _, b := range s.ClientBuckets {
		name, profile, named := strings.Cut(b, "=")
		bucket("-client-bucket", name)
		if named && !slices.ContainsFunc(s.Profiles, func(p string) bool { return strings.HasPrefix(p, profile+"=") }) {
			fail("-client-bucket", b, "names no -profile", "for example -profile second=arn:aws:iam::333333333333:role/name -client-bucket bucket=second")
		}
	}
}

// checkBucket checks the name of a bucket (Amazon S3 user guide, "General purpose bucket naming rules"): it becomes part of
// the name of a property.
func checkBucket(fail failure, flag, name string) {
	rest, isURI := strings.CutPrefix(name, "s3://")
	switch {
	case isURI || strings.Contains(name, "/"):
		bucket, _, _ := strings.Cut(rest, "/")
		fail(flag, name, "is a path, not a bucket", "did you mean "+bucket+"?")
	case len(name) < 3 || len(name) > 63 || !only(name, lower+digits+".-") || strings.Trim(name, ".-") != name || strings.Contains(name, ".."):
		fail(flag, name, "is not the name of a bucket", "3 to 63 lower case letters, digits, . and -")
	}
}

// only reports whether s has no character outside allowed.
func only(s, allowed string) bool {
	return strings.Trim(s, allowed) == ""
}

// A failure records a problem with the value of a flag.
type failure func(flag, value, problem, hint string)

// refuse returns the error of a value that cannot be used.
func refuse(problem error, hint string) error { return exit.Because(exit.BadSetting, problem, hint) }
