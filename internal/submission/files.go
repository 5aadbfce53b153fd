package submission

import (
	"cmp"
	"maps"
	"slices"
)

// A File is one that a submission becomes.
type File struct {
	Name string
	Data []byte
}

// Files are the submission in its form. Only that of PodTemplate has more than one.
func (s Submission) Files() []File {
	switch s.Form {
	case EMR:
		return []File{{"start-job-run.json", s.startJobRun()}}
	case SparkSubmit:
		return []File{{"submit.sh", s.script()}}
	case Operator:
		return []File{{"application.yaml", s.application()}}
	default:
		last := File{"spark-defaults.conf", s.defaults()}
		if s.Release.EMR {
			last = File{"start-job-run.json", s.startJobRun()}
		}
		return []File{{driverTemplate, s.template("driver")}, {executorTemplate, s.template("executor")}, last}
	}
}

// forEMR is whether a file of the submission is the input of start-job-run.
func (s Submission) forEMR() bool {
	return s.Form == EMR || s.Form == PodTemplate && s.Release.EMR
}

// anyJobBucket is where files of the job's own can lie.
func (s Submission) anyJobBucket() string {
	if len(s.JobBuckets) > 0 {
		return s.JobBuckets[0]
	}
	return "BUCKET"
}

// placeholders fills in what has nothing to do with the chain, and says so.
func (s *Submission) placeholders() {
	fill := func(flag string, value *string, placeholder string) {
		if *value == "" {
			*value = placeholder
			s.note(flag+" is not given: "+placeholder+" stands in its place", "replace it")
		}
	}
	fill("-image", &s.Image, "IMAGE")
	s.Name = cmp.Or(s.Name, "role-chain-job")
	if s.Form != PodTemplate || s.forEMR() {
		fill("-entry-point", &s.EntryPoint, s.Release.Scheme()+"://"+s.anyJobBucket()+"/job.py")
	}
	if s.Form == PodTemplate && s.forEMR() {
		s.note("EMR reads the templates before a driver runs; whether it does so by the providers that are set here has not been seen",
			"if it cannot read them, -for emr has the same variables as properties")
	}
	switch {
	case s.forEMR():
		fill("-virtual-cluster", &s.VirtualCluster, "yourvirtualclusterid") // an id has no capitals
	case s.Form == SparkSubmit:
		fill("-master", &s.Master, "k8s://https://CLUSTER:443")
	}
	if s.Form == SparkSubmit || s.Form == Operator {
		s.Namespace = cmp.Or(s.Namespace, "default")
	}
	if !s.forEMR() { // EMR has accounts of its own
		s.ServiceAccount = cmp.Or(s.ServiceAccount, "spark")
	}
}

// properties are all of Spark's: those that the table decided, the image, and, when variables are not in pod templates,
// each variable for the driver and for the executors.
func (s Submission) properties() map[string]string {
	p := maps.Clone(s.Properties)
	p[imageProperty] = s.Image
	if s.JavaOption != "" {
		for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
			p[name] = s.withExisting(name, s.JavaOption)
		}
	}
	if s.Form == PodTemplate {
		p["spark.kubernetes.driver.podTemplateFile"] = s.templatePlace() + driverTemplate
		p["spark.kubernetes.executor.podTemplateFile"] = s.templatePlace() + executorTemplate
		return p
	}
	for _, v := range s.Variables {
		p["spark.kubernetes.driverEnv."+v.Name] = v.Value
		p["spark.executorEnv."+v.Name] = v.Value
	}
	return p
}

const imageProperty = "spark.kubernetes.container.image"

// sorted are the names of properties in the order in which every form has them.
func sorted(properties map[string]string) []string {
	return slices.Sorted(maps.Keys(properties))
}
