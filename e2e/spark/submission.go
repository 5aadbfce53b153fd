package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/jobconf"
)

// A Submission is what spark-conf wrote, in the parts that Kubernetes would make of it.
type Submission struct {
	Driver     []string // variables of the driver's container
	Executor   []string // and of the executors'
	Properties []jobconf.Property
}

// submit has spark-conf write the submission of the run.
func (w *world) submit(ctx context.Context) (s Submission, err error) {
	delivery := w.Run.Delivery
	if w.Run.control() {
		delivery = jobs.Profile // what is set for Spark there finds what EKS injects
	}
	args := []string{"spark-conf", "-for", "spark-submit", "-release", "spark-" + w.Run.Spark, "-delivery", delivery,
		"-job-role", jobs.BaseARN, "-client-role", jobs.ClientARN, "-region", jobs.Region, "-job-bucket", jobs.JobBucket,
		"-set", "ROLE_CHAIN_ENTRYPOINT=" + w.original(), "-entry-point", w.Program()}
	if !w.Run.control() {
		args = append(args, w.Plan.Chain...)
	}
	jars := ""
	if w.Plan.Iceberg {
		jars = filepath.Join(w.SparkDir(), "iceberg", "*")
	} else if name := w.Plan.Jars[w.Run.Spark]; name != "" {
		jars = filepath.Join(w.Build, name, "jars", "*")
	}
	for _, who := range []string{"driver", "executor"} {
		if jars != "" {
			args = append(args, "-property", "spark."+who+".extraClassPath="+jars)
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(w.Programs, "rolechain"), args...)
	cmd.Env = []string{}
	said := &strings.Builder{}
	cmd.Stderr = said
	text, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("rolechain %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	if err := os.WriteFile(filepath.Join(w.Work, "submit.sh"), text, 0o644); err != nil {
		return s, err
	}
	conf, err := jobconf.Read("submit.sh", text)
	if err != nil {
		return s, err
	}
	for _, p := range conf.Properties {
		if name, ok := strings.CutPrefix(p.Name, "spark.kubernetes.driverEnv."); ok {
			s.Driver = append(s.Driver, name+"="+p.Value)
			continue
		}
		if name, ok := strings.CutPrefix(p.Name, "spark.executorEnv."); ok {
			s.Executor = append(s.Executor, name+"="+p.Value)
		}
		if strings.HasPrefix(p.Name, "spark.") { // the entry point is in the list as well
			s.Properties = append(s.Properties, p)
		}
	}
	s.Properties = append(s.Properties, w.cluster()...)
	if w.Run.control() {
		for name, value := range w.Plan.Control {
			s.Properties = append(s.Properties, jobconf.Property{Name: name, Value: value})
		}
	}
	return s, nil
}

// cluster is what takes the place of Kubernetes.
func (w *world) cluster() []jobconf.Property {
	list := []jobconf.Property{
		{Name: "spark.master", Value: masterURL},
		{Name: "spark.driver.host", Value: "127.0.0.1"},
		{Name: "spark.cores.max", Value: "2"},
		{Name: "spark.executor.cores", Value: "1"},
		{Name: "spark.driver.memory", Value: "768m"},
		{Name: "spark.executor.memory", Value: "768m"},
		{Name: "spark.sql.shuffle.partitions", Value: "2"},
		{Name: "spark.ui.enabled", Value: "false"},
		// So that no executor has done all of it before the other is there.
		{Name: "spark.scheduler.minRegisteredResourcesRatio", Value: "1.0"},
		{Name: "spark.scheduler.maxRegisteredResourcesWaitingTime", Value: "10m"},
		// S3A 3.4 would ask us-east-2, and be sent on.
		{Name: "spark.hadoop.fs.s3a.endpoint.region", Value: jobs.Region},
	}
	if w.Run.Plain {
		list = append(list, jobconf.Property{Name: "spark.hadoop.fs.s3a.endpoint", Value: "http://s3." + jobs.Region + ".amazonaws.com"})
	}
	return list
}

// get is the value of a property; the last one counts.
func (s Submission) get(name string) string {
	for _, p := range slices.Backward(s.Properties) {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// write writes a file as Spark on Kubernetes mounts it into the driver's pod.
func (s Submission) write(path string) error {
	var b strings.Builder
	for _, p := range s.Properties {
		fmt.Fprintf(&b, "%s=%s\n", p.Name, strings.ReplaceAll(p.Value, `\`, `\\`))
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
