// Package submission writes the settings of a Spark job with a role chain, for driver and executors, from one set of
// arguments. It is pure: arguments in, files out.
//
// Which settings make Spark's own requests to S3 go as which role depends on the delivery and on the release, because
// neither S3A nor EMRFS asks the AWS SDK's default chain (see providers.go).
package submission

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// A Form is who reads the settings.
type Form string

const (
	EMR         Form = "emr"          // aws emr-containers start-job-run --cli-input-json
	SparkSubmit Form = "spark-submit" // spark-submit on Kubernetes
	Operator    Form = "operator"     // the Spark Operator's SparkApplication
	PodTemplate Form = "pod-template" // pod templates, and the properties that go with them
)

// Forms are all of them.
var Forms = []Form{EMR, SparkSubmit, Operator, PodTemplate}

// A Request is what a submission is asked for, as typed. Zero values are left out of the submission or get a placeholder
// where that is said.
type Request struct {
	Form     Form
	Release  string // see parseRelease
	Delivery string // ROLE_CHAIN_DELIVERY; "" is that setting's default

	ClientRole  string
	JobRole     string // may be "" with PodIdentity, but for EMR
	PodIdentity bool   // the first hop is EKS Pod Identity, not IRSA
	Region      string // "" leaves it to EKS, which injects its cluster's

	JobBuckets    []string // Spark works on these as the job execution role
	ClientBuckets []string // and on these as the client role or, with bucket=name, as that of Profiles
	Profiles      []string // ROLE_CHAIN_PROFILES: name=arn
	Set           []string // other ROLE_CHAIN_ settings: name=value

	IcebergCatalogs []string // names of those whose S3FileIO is to be the client role
	Own             []string // the job's own properties of Spark: name=value

	Conf []Property // what the job has already; see Defeats

	Arguments []string // the job's own

	Image, EntryPoint, Name                           string // placeholders when ""
	VirtualCluster, Master, Namespace, ServiceAccount string // placeholders when "", for the forms that have them
}

// A Note is something to know about a submission.
type Note = settings.Warning

// A Submission is a request that has been checked, with everything decided.
type Submission struct {
	Request
	Release    Release
	Settings   settings.Settings // what the entrypoint will read
	Variables  []Variable        // for driver and executors alike, in the order in which they are written
	Properties map[string]string // of Spark, but for the variables, the image and who runs the pods
	JavaOption string            // for the JVMs of driver and executors; "" for none
	Notes      []Note            // belong into the output where it has comments
}

// A Variable is one of the pods' environment.
type Variable struct{ Name, Value string }

// Make checks r and decides. The error joins an *exit.Error for each problem, named by its flag.
func Make(r Request) (Submission, error) {
	s := Submission{Request: r, Properties: map[string]string{}}
	var problems []error
	fail := func(name, value, problem, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, fmt.Errorf("%s: %q %s", name, value, problem), hint))
	}
	missing := func(name, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, errors.New(name+" is missing"), hint))
	}
	if !slices.Contains(Forms, r.Form) {
		fail("-for", string(r.Form), "is none of "+list(Forms), "write one of these")
	}
	var problem string
	if s.Release, problem = parseRelease(r.Release); problem != "" {
		fail("-release", r.Release, problem, "for example "+releaseHint)
	} else if r.Form == EMR && !s.Release.EMR {
		fail("-release", r.Release, "is not EMR's, to which start-job-run submits", "for example emr-7.10.0; or -for spark-submit")
	}
	if r.ClientRole == "" {
		missing("-client-role", "the role that the job is to act as: arn:aws:iam::222222222222:role/name")
	}
	switch {
	case r.JobRole == "" && (!r.PodIdentity || s.forEMR()):
		missing("-job-role", "the job execution role: arn:aws:iam::111111111111:role/name")
	case r.JobRole != "" && r.PodIdentity && !s.forEMR():
		fail("-job-role", r.JobRole, "is not written with -pod-identity: EKS knows the role of the service account", "leave it out")
	}
	s.checkPlaces(fail)
	if err := errors.Join(append(problems, s.readSettings())...); err != nil {
		return s, err
	}
	if err := s.decide(); err != nil {
		return s, err
	}
	s.placeholders()
	if err := s.addOwn(); err != nil {
		return s, err
	}
	return s, s.checkLimits()
}

// checkPlaces checks what is neither a role nor a setting of rolechain's.
func (s *Submission) checkPlaces(fail func(name, value, problem, hint string)) {
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
	for _, a := range s.Arguments {
		switch {
		case s.Form == PodTemplate && !s.forEMR():
			fail("--", a, "has no place in this form", "leave it out; it is for a job")
		case strings.Contains(a, "$("):
			fail("--", a, "would be expanded by Kubernetes", "leave $( out; a file in S3 can carry it")
		case strings.TrimSpace(a) == "" || len(a) > longestArgument || !plain(a):
			fail("--", a, "is no argument that every form can carry", "1 to 10280 bytes of UTF-8, not blanks alone, no control characters")
		}
	}
	words := lower + strings.ToUpper(lower) + digits
	for _, p := range []struct {
		flag, value   string
		longest       int
		allowed, hint string
		applies       bool
		where         string
	}{
		{"-image", s.Image, 1024, words + "./:@_-", "for example 111122223333.dkr.ecr.us-east-1.amazonaws.com/spark:chained", true, ""},
		{"-name", s.Name, 63, lower + digits + "-", "lower case letters, digits and -", s.Form != PodTemplate || s.forEMR(), "a job"},
		{"-entry-point", s.EntryPoint, 256, words + "./:@_+=,~%-", "a URI without blanks, such as s3://bucket/job.py", s.Form != PodTemplate || s.forEMR(), "a job"},
		{"-virtual-cluster", s.VirtualCluster, 64, lower + digits, "`aws emr-containers list-virtual-clusters` shows the id", s.forEMR(), "start-job-run"},
		{"-master", s.Master, 1024, words + "./:[]_-", "for example k8s://https://kubernetes.default.svc:443", s.Form == SparkSubmit, "spark-submit"},
		{"-namespace", s.Namespace, 63, lower + digits + "-", "a namespace of Kubernetes", s.Form == SparkSubmit || s.Form == Operator, "spark-submit and operator"},
		{"-service-account", s.ServiceAccount, 253, lower + digits + ".-", "a service account of Kubernetes", !s.forEMR(), "pods that EMR does not start"},
	} {
		switch {
		case p.value == "":
		case !p.applies:
			fail(p.flag, p.value, "has no place in this form", "leave it out; it is for "+p.where)
		case len(p.value) > p.longest || !only(p.value, p.allowed) || strings.Trim(p.value, ".-") != p.value:
			fail(p.flag, p.value, "cannot be written", p.hint)
		}
	}
}

// checkBucket checks a bucket's name (Amazon S3 user guide, "General purpose bucket naming rules"): it becomes part of a
// property's name.
func checkBucket(fail func(name, value, problem, hint string), flag, name string) {
	rest, isURI := strings.CutPrefix(name, "s3://")
	switch {
	case isURI || strings.Contains(name, "/"):
		bucket, _, _ := strings.Cut(rest, "/")
		fail(flag, name, "is a path, not a bucket", "did you mean "+bucket+"?")
	case len(name) < 3 || len(name) > 63 || !only(name, lower+digits+".-") || strings.Trim(name, ".-") != name || strings.Contains(name, ".."):
		fail(flag, name, "is not a bucket's name", "3 to 63 lower case letters, digits, . and -")
	}
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

// only tells whether s has no byte outside allowed.
func only(s, allowed string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(allowed, r) }) < 0
}

func list(forms []Form) string {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}
