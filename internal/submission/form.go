package submission

import (
	"slices"
	"strings"
)

// A Form names a way to submit a job.
type Form string

const (
	EMR             Form = "emr"              // aws emr-containers start-job-run --cli-input-json
	SparkSubmit     Form = "spark-submit"     // spark-submit on Kubernetes
	Operator        Form = "operator"         // the Spark Operator's SparkApplication
	ManagedEndpoint Form = "managed-endpoint" // aws emr-containers create-managed-endpoint --cli-input-json
	PodTemplate     Form = "pod-template"     // pod templates, and the properties that go with them
)

// A form says what a way to submit has a place for, and which files it is.
type form struct {
	name      Form
	runtimes  runtimes
	takes     []string                // flags of places, and "--" for the job's arguments, which not every form takes
	limits    bool                    // StartJobRun's limits apply
	injects   bool                    // -inject has a place
	templates bool                    // variables are in pod templates, not among the properties
	files     func(Submission) []File // the last one has the properties
	note      Note                    // something to know about the form; Text is "" for none
}

// runtimes says whose releases a form is for.
type runtimes int

const (
	anyRuntime runtimes = iota
	onlyEMR
	onlyApache
)

// forms has an entry for each way to submit. To add one, add an entry.
var forms = []form{
	{
		name: EMR, runtimes: onlyEMR, limits: true,
		takes: []string{"-job-role", "-name", "-entry-point", "-class", "-virtual-cluster", "-log-uri", "-log-group", "--"},
		files: func(s Submission) []File { return []File{{"start-job-run.json", s.startJobRun()}} },
	},
	{
		name: SparkSubmit, injects: true,
		takes: []string{"-name", "-entry-point", "-class", "-master", "-namespace", "-service-account", "--"},
		files: func(s Submission) []File {
			if s.Inject != "" {
				return append(s.podTemplates(), File{"submit.sh", s.script()})
			}
			return []File{{"submit.sh", s.script()}}
		},
	},
	{
		name: Operator, injects: true,
		takes: []string{"-name", "-entry-point", "-class", "-namespace", "-service-account", "--"},
		files: func(s Submission) []File { return []File{{"application.yaml", s.application()}} },
	},
	{
		name: ManagedEndpoint, runtimes: onlyEMR, limits: true,
		takes: []string{"-job-role", "-name", "-virtual-cluster", "-log-uri", "-log-group"},
		files: func(s Submission) []File {
			return []File{{"create-managed-endpoint.json", s.createManagedEndpoint()}}
		},
		note: Note{
			Text: "whoever may use the endpoint is the client role in its kernels, and the variables reach Spark's kernels and their executors, not the kernel for Python alone",
			Hint: "make an endpoint for each client role; for the other kernel put the variables into its image",
		},
	},
	{
		name: PodTemplate, runtimes: onlyApache, templates: true, injects: true,
		takes: []string{"-service-account"},
		files: func(s Submission) []File { return append(s.podTemplates(), File{"spark-defaults.conf", s.defaults()}) },
	},
	{
		name: PodTemplate, runtimes: onlyEMR, templates: true, limits: true,
		takes: []string{"-job-role", "-name", "-entry-point", "-class", "-virtual-cluster", "-log-uri", "-log-group", "--"},
		files: func(s Submission) []File {
			return append(s.podTemplates(), File{"start-job-run.json", s.startJobRun()})
		},
		note: Note{
			Text: "EMR reads the templates before a driver runs; whether it does so by the providers that are set here has not been seen",
			Hint: "if it cannot read them, -for emr has the same variables as properties",
		},
	},
}

// formOf returns the form of that name for EMR's releases or for Apache's. fits is false if the form is for the others only.
func formOf(name Form, emr bool) (f form, known, fits bool) {
	for _, other := range forms {
		if other.name != name {
			continue
		}
		if other.runtimes == anyRuntime || (other.runtimes == onlyEMR) == emr {
			return other, true, true
		}
		f, known = other, true
	}
	return f, known, false
}

// Forms returns the names of all forms.
func Forms() []Form {
	var names []Form
	for _, f := range forms {
		if !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

func formNames() string {
	var names []string
	for _, name := range Forms() {
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// NeedsDirectory reports whether a form is more than one file.
func NeedsDirectory(name Form, inject bool) bool {
	return inject && name == SparkSubmit || slices.ContainsFunc(forms, func(f form) bool { return f.name == name && f.templates })
}

// A File is a part of a submission.
type File struct {
	Name string
	Data []byte
}

// Files returns the submission in its form.
func (s Submission) Files() []File { return s.form.files(s) }
