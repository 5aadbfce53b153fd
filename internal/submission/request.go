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

	"rolechain/internal/jobconf"
	"rolechain/internal/settings"
)

// A Request is what somebody asks of a submission, as typed. Zero values are left out, or get a placeholder where it says so.
type Request struct {
	Form     Form
	Release  string // see runtimeOf
	Delivery string // ROLE_CHAIN_DELIVERY; "" is that setting's default

	ClientRole  string
	JobRole     string // may be "" with PodIdentity, but for EMR
	PodIdentity bool   // the first hop is EKS Pod Identity, not IRSA
	Direct      bool   // ROLE_CHAIN_DIRECT
	Metrics     string // ROLE_CHAIN_METRICS; "" for none
	Region      string // "" leaves it to EKS, which injects its cluster's

	JobBuckets    []string // Spark uses these as the job execution role
	ClientBuckets []string // and on these as the client role or, with bucket=name, as that of Profiles
	Profiles      []string // ROLE_CHAIN_PROFILES: name=arn
	Set           []string // other ROLE_CHAIN_ settings: name=value

	Inject string // rolechain's image, for an init container; "" where Image has the programs

	WithoutJar bool // the image has no rolechain jar: -Daws.profile leads to the job execution role instead

	IcebergCatalogs []string // catalogs whose clients of AWS's services are the client role: name, or name=kind (see catalogKinds)
	Own             []string // the job's own properties of Spark: name=value

	merge bool // the job is there already, with places of its own

	Conf []jobconf.Property // what the job has already, see Findings

	Arguments []string // the job's own

	Image, EntryPoint, Name                           string // placeholders when ""
	Class                                             string // main class of a job in Java or Scala; "" for Python, or a jar that names it
	VirtualCluster, Master, Namespace, ServiceAccount string // placeholders when "", for the forms that have them
	LogURI, LogGroup                                  string // where EMR ships logs to; "" for nowhere
}

// A Note is something to know about a submission.
type Note = settings.Warning

// A Submission is a request that has been checked, with everything decided.
type Submission struct {
	Request
	form       form
	Runtime    Runtime
	Settings   settings.Settings // what the entrypoint will read
	Variables  []Variable        // for driver and executors alike, in the order in which they are written
	Properties map[string]string // of Spark, but for the variables, the image and who runs the pods
	JavaOption string            // for the JVMs of driver and executors; "" for none
	Notes      []Note            // written as comments in forms that have them
}

// A Variable is one of the pods' environment.
type Variable struct{ Name, Value string }

// Make checks r and decides. The error joins an *exit.Error for each problem, named by its flag.
func Make(r Request) (Submission, error) {
	s := Submission{Request: r, Properties: map[string]string{}}
	var problems []error
	fail := func(name, value, problem, hint string) {
		problems = append(problems, refuse(fmt.Errorf("%s: %q %s", name, value, problem), hint))
	}
	missing := func(name, hint string) {
		problems = append(problems, refuse(errors.New(name+" is missing"), hint))
	}
	var like, problem string
	if s.Runtime, like, problem = runtimeOf(r.Release); problem != "" {
		fail("-release", r.Release, problem, "for example "+releaseHint)
	} else if like != "" {
		s.note(fmt.Sprintf("-release: %q is newer than the releases that this version knows, and is treated like %s", r.Release, like),
			"try the job with a small input first; a newer rolechain may know the release")
	}
	var known, fits bool
	if s.form, known, fits = formOf(r.Form, s.Runtime.EMR); !known {
		fail("-for", string(r.Form), "is none of "+formNames(), "write one of these")
	} else if !fits && problem == "" {
		fail("-release", r.Release, "is not EMR's, to which start-job-run submits", "for example emr-7.10.0; or -for spark-submit")
	}
	if r.ClientRole == "" {
		missing("-client-role", "the role that the job is to act as: arn:aws:iam::222222222222:role/name")
	}
	namesJobRole := slices.Contains(s.form.takes, "-job-role") // with Pod Identity too
	switch {
	case r.JobRole == "" && (!r.PodIdentity || namesJobRole):
		missing("-job-role", "the job execution role: arn:aws:iam::111111111111:role/name")
	case r.JobRole != "" && r.PodIdentity && !namesJobRole:
		fail("-job-role", r.JobRole, "is not written with -pod-identity: EKS knows the role of the service account", "leave it out")
	}
	s.checkPlaces(fail)
	s.checkInject(fail)
	if err := errors.Join(append(problems, s.readSettings())...); err != nil {
		return s, err
	}
	if err := s.decide(); err != nil {
		return s, err
	}
	if !r.merge {
		s.fillPlaces()
	}
	if err := s.addOwn(); err != nil {
		return s, err
	}
	s.addClassPath()
	return s, s.checkLimits()
}
