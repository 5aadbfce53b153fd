package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/e2e/kubernetes/cluster"
)

const (
	// sparkVersion is the one of the pods' image.
	sparkVersion = "4.0"

	// patience is how long a job may take: none waits for anything longer than for a few sessions to end.
	patience = 15 * time.Minute

	jobName   = "job"
	driverPod = jobName + "-driver"
)

// A submission is what differs between those of the cases.
type submission struct {
	driver, executor object   // templates; nil: EMR's
	injects          bool     // the templates are those that spark-conf writes with -inject, for an image without rolechain
	podIdentity      bool     // in place of IRSA
	clientReads      bool     // the client role reads the job's own file
	more             []string // further arguments of spark-conf
	arguments        []string // of the program; nil: the plan's
}

// submit has spark-conf write the submission of the trial, and Spark submit it.
func (t *trial) submit(ctx context.Context, s submission) error {
	image, original := chainedImage, "/opt/rolechain/original"
	if s.injects {
		image, original = plainImage, "/usr/bin/entrypoint.sh"
	}
	if t.injected {
		const jar = "/opt/rolechain/" + jobs.JarName // not among Spark's own here
		image, s.more = plainImage, append(s.more, "-property", "spark.driver.extraClassPath="+jar, "-property", "spark.executor.extraClassPath="+jar)
	}
	if s.driver == nil {
		s.driver = emrPod(true)
	}
	if s.executor == nil {
		s.executor = emrPod(false)
	}
	if s.arguments == nil {
		s.arguments = t.Plan.Arguments()
	}
	args := []string{"spark-conf", "-for", "spark-submit", "-release", "spark-" + t.Spark, "-delivery", t.Delivery, "-name", jobName,
		"-client-role", jobs.ClientARN, "-region", jobs.Region,
		"-image", image, "-entry-point", t.Program(), "-master", "k8s://" + cluster.Server + ":443",
		"-namespace", t.name, "-service-account", account, "-set", "ROLE_CHAIN_ENTRYPOINT=" + original,
		"-out", filepath.Join(t.World.Work, "submission")}
	if s.clientReads {
		args = append(args, "-client-bucket", jobs.JobBucket)
	} else {
		args = append(args, "-job-bucket", jobs.JobBucket)
	}
	if !s.podIdentity {
		args = append(args, "-job-role", jobs.BaseARN)
	} else { // EKS knows the role
		args = append(args, "-pod-identity")
	}
	if class := t.Plan.Java[t.Spark]; class != "" { // spark-submit would look for it in the jar, which only the driver can read
		args = append(args, "-class", class)
	}
	args = append(args, t.Plan.Chain...)
	templates := map[string]object{"driver": s.driver, "executor": s.executor}
	if s.injects {
		templates, args = nil, append(args, "-inject", rolechainImage)
	}
	for name, template := range templates {
		path, err := t.write(name+".yaml", template)
		if err != nil {
			return err
		}
		args = append(args, "-property", "spark.kubernetes."+name+".podTemplateFile="+path,
			"-property", "spark.kubernetes."+name+".podTemplateContainerName=spark-kubernetes-"+name)
	}
	for _, property := range t.properties() {
		args = append(args, "-property", property)
	}
	args = append(append(append(args, s.more...), "--"), s.arguments...)
	cmd := exec.CommandContext(ctx, filepath.Join(t.Bin, "rolechain"), args...)
	cmd.Env = []string{}
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("rolechain %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	submit := exec.CommandContext(ctx, filepath.Join(t.World.Work, "submission", "submit.sh"))
	home := filepath.Join(t.SparkDir(), "spark")
	submit.Env = append(os.Environ(), "SPARK_HOME="+home, "PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"), "KUBECONFIG="+t.Kubeconfig(),
		"JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
	submit.Dir = t.World.Work
	out, err := submit.CombinedOutput()
	if err != nil {
		return fmt.Errorf("submitting: %w\n%s", err, last(string(out)))
	}
	return os.WriteFile(filepath.Join(t.World.Work, "submit.log"), out, 0o644)
}

// properties fit a job into this cluster.
func (t *trial) properties() []string {
	return []string{
		"spark.kubernetes.container.image.pullPolicy=Never",
		"spark.kubernetes.submission.waitAppCompletion=false", // the suite looks at the pod
		"spark.kubernetes.driver.pod.name=" + driverPod,
		"spark.kubernetes.executor.podNamePrefix=" + jobName,
		"spark.kubernetes.driver.request.cores=100m",
		"spark.kubernetes.executor.request.cores=100m",
		"spark.driver.memory=512m", "spark.driver.memoryOverhead=448m",
		"spark.executor.memory=512m", "spark.executor.memoryOverhead=448m",
		"spark.executor.instances=2", "spark.executor.cores=1",
		"spark.sql.shuffle.partitions=2",
		"spark.ui.enabled=false",
		// So that no executor has done all of it before the other is there.
		"spark.scheduler.minRegisteredResourcesRatio=1.0",
		"spark.scheduler.maxRegisteredResourcesWaitingTime=10m",
		// The API server is as slow as a busy machine is.
		"spark.kubernetes.submission.connectionTimeout=120000", "spark.kubernetes.submission.requestTimeout=120000",
		"spark.kubernetes.driver.connectionTimeout=120000", "spark.kubernetes.driver.requestTimeout=120000",
		"spark.kubernetes.allocation.driver.readinessTimeout=120s",
		// S3A 3.4 would ask us-east-2, and be sent on.
		"spark.hadoop.fs.s3a.endpoint.region=" + jobs.Region,
	}
}
