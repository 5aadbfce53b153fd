package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/submission"
)

const sparkConfExample = `rolechain spark-conf -for emr -release emr-7.14.0 -delivery endpoint \
    -client-role arn:aws:iam::222222222222:role/client-role-2 \
    -job-role arn:aws:iam::111111111111:role/job-execution-role-1 -job-bucket jobs-111111111111`

// sparkConf writes the settings of a submission, for driver and executors alike, so that nobody types them twice. It does
// not look at its own environment, but for how to speak: the variables in question are those of pods to come.
func sparkConf(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	var r submission.Request
	var form, out string
	var conf []string
	var m merging
	flags := newFlags("spark-conf")
	text := func(value *string, name, usage string) { flags.StringVar(value, name, "", usage) }
	several := func(values *[]string, name, usage string) {
		flags.Func(name, usage+"; may be given several times", func(v string) error {
			*values = append(*values, v)
			return nil
		})
	}
	text(&form, "for", "(required without -merge) the `form`: emr (start-job-run's JSON), spark-submit, operator (Spark Operator), managed-endpoint (create-managed-endpoint's JSON), pod-template")
	text(&r.Release, "release", "(required without -merge) the image's `release`: emr-7.14.0, emr-spark-8.1.0, emr-6.15.0, spark-3.5, spark-4.0; it decides which credential providers there are")
	text(&r.ClientRole, "client-role", "(required) `ARN` of the role to end up as")
	text(&r.JobRole, "job-role", "(required, but with -pod-identity only for EMR) `ARN` of the job execution role")
	flags.BoolVar(&r.PodIdentity, "pod-identity", false, "the pods get the job execution role by EKS Pod Identity, not by IRSA")
	flags.BoolVar(&r.Direct, "direct", false, "the pods assume the client role with their own token, in one hop: its account must trust the cluster's OIDC provider; no -job-bucket then but in endpoint delivery")
	text(&r.Metrics, "metrics", "`address` on which each pod serves metrics, such as :9464, with annotations by which Prometheus finds it")
	text(&r.Delivery, "delivery", "`how` the job's SDKs get the client role: profile (the default), file, endpoint")
	several(&r.JobBuckets, "job-bucket", "`bucket` on which Spark works as the job execution role, such as the one with the job's own file")
	several(&r.ClientBuckets, "client-bucket", "`bucket` on which Spark works as the client role: needed in profile delivery, and changes nothing in the others, in which each bucket that no -job-bucket names is the client role's; or bucket=name, as that -profile's role")
	flags.BoolVar(&r.WithoutJar, "without-jar", false, "the image lacks rolechain's jar: -job-bucket then turns every default chain of Java in the job into the job execution role")
	several(&r.Profiles, "profile", "one more client role as a profile for SDKs, `name=ARN`")
	several(&r.Set, "set", "any other setting of rolechain's, `NAME=VALUE`")
	several(&r.IcebergCatalogs, "iceberg-catalog", "`name` of an Iceberg catalog whose S3FileIO is to be the client role; or name=kind, for a catalog that AWS has, which is asked as that role too: glue, rest-glue, rest-s3tables, s3tables")
	several(&r.Own, "property", "a property of Spark's for this job, `spark.NAME=VALUE`")
	text(&r.Region, "region", "`region` for the SDKs (default: the one that EKS injects)")
	text(&r.Image, "image", "container `image` with rolechain as its ENTRYPOINT")
	text(&r.Inject, "inject", "rolechain's own `image`, where -image has none of it: an init container copies the programs, by pod templates; not for emr, see examples/admission")
	text(&r.EntryPoint, "entry-point", "`URI` of the job's own file (default: job.py in the first -job-bucket)")
	text(&r.Class, "class", "main `class` of a job in Java or Scala, whose -entry-point is a jar")
	text(&r.Name, "name", "`name` of the job")
	text(&r.VirtualCluster, "virtual-cluster", "`id` of EMR's virtual cluster")
	text(&r.LogURI, "log-uri", "`URI` in S3 to which EMR ships the logs of the pods")
	text(&r.LogGroup, "log-group", "`name` of the log group in CloudWatch to which EMR ships them")
	text(&r.Master, "master", "`URL` of Kubernetes, for spark-submit")
	text(&r.Namespace, "namespace", "`namespace` of the pods, for spark-submit and operator (default \"default\")")
	text(&r.ServiceAccount, "service-account", "service `account` of the pods, where EMR does not start them (default \"spark\")")
	several(&conf, "conf", "existing `file` with settings of the job, to be judged: the JSON or YAML of start-job-run, of Step Functions, Airflow or ACK, a SparkApplication, spark-defaults.conf, a script, Terraform, a pod template; - is standard input")
	text(&m.file, "merge", "existing `file` to print with the role chain in it: the JSON of start-job-run, spark-defaults.conf, or a SparkApplication; - is standard input")
	flags.BoolVar(&m.diff, "diff", false, "with -merge: print the change instead")
	flags.BoolVar(&m.inPlace, "in-place", false, "with -merge: change the file instead of printing it")
	text(&out, "out", "write into this `directory`; needed for pod-template, and for spark-submit with -inject, which are three files")
	if err := parse(flags, args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0 && args[len(args)-flags.NArg()-1] != "--": // flags behind it would be the job's, without a word
		return exit.Because(exit.Usage, fmt.Errorf("spark-conf: %q is no flag", flags.Arg(0)), "the job's own arguments come behind --")
	case m.file == "" && (m.diff || m.inPlace):
		return exit.Because(exit.Usage, errors.New("spark-conf: -diff and -in-place are for -merge"), "-merge FILE")
	case m.file != "" && (out != "" || len(conf) > 0):
		return exit.Because(exit.Usage, errors.New("spark-conf: -merge stands without -conf and -out"), "it judges the file as -conf does")
	case m.inPlace && (m.diff || m.file == "-"):
		return exit.Because(exit.Usage, errors.New("spark-conf: -in-place changes a file, without -diff"), "leave one of them out")
	case out == "" && submission.NeedsDirectory(submission.Form(form), r.Inject != ""):
		return exit.Because(exit.Usage, fmt.Errorf("spark-conf: %s is several files, and -out is missing", form), "name a directory")
	}
	r.Form, r.Arguments = submission.Form(form), flags.Args()
	_, speak, _, _ := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if m.file != "" {
		return m.run(r, log, stdout)
	}
	for _, file := range conf {
		c, err := readJob("-conf", file, log)
		if err != nil {
			return err
		}
		r.Conf = append(r.Conf, c.Properties...)
	}
	s, err := submission.Make(r)
	if err != nil {
		return err
	}
	for _, n := range s.Notes {
		report.Warning(log, n.Text, n.Hint)
	}
	say(log, s.Findings())
	return put(s.Files(), out, stdout)
}

// put writes files into a directory, or the only one to stdout.
func put(files []submission.File, dir string, stdout io.Writer) error {
	if dir == "" {
		_, err := stdout.Write(files[0].Data)
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return exit.Because(exit.NoFiles, fmt.Errorf("-out: %w", err), "")
	}
	for _, f := range files {
		mode := os.FileMode(0o666)
		if strings.HasSuffix(f.Name, ".sh") {
			mode = 0o777
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, mode); err != nil {
			return exit.Because(exit.NoFiles, fmt.Errorf("-out: %w", err), "")
		}
	}
	return nil
}
