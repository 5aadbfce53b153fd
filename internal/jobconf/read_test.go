package jobconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A job in each form that teams have it in, with what is read: NAME=VALUE of each property, and NAME? of one whose value is known
// later; and a part of each thing that is not understood.
var readTests = []struct {
	name, file, text, form string
	want, unread           []string
}{
	{
		"spark-defaults.conf", "spark-defaults.conf", "# spark.no 1\n! spark.no 2\nspark.a 1\nspark.b=2\nspark.c : 3\nspark.d   -Dx=y \\\n    -Dz='q r' \nspark.e=\nother x\nspark.f=C:\\\\x\\u00fc\nfs.s3a.access.key k=v\n",
		"spark-defaults.conf", []string{"spark.a=1", "spark.b=2", "spark.c=3", "spark.d=-Dx=y -Dz='q r'", "spark.e=", `spark.f=C:\xü`, "spark.hadoop.fs.s3a.access.key=k=v"}, []string{`line 9): "other", which Spark ignores`},
	},
	{
		"a comment that ends in a backslash", "x.conf", "# a \\\nspark.a 1\r\nspark.b \\\r\n  2\r\n", "spark-defaults.conf", []string{"spark.a=1", "spark.b=2"}, nil,
	},
	{
		"script", "run.sh", "#!/bin/sh\n# spark-submit --conf spark.no=1\nexport X=1\nspark-submit --verbose --name \"$NAME\" --conf spark.a=1 \\\n  -c 'spark.b=2 3' --conf=spark.c=$C \\\n  --driver-java-options '-Dx=y' --properties-file p.conf --jars s3://b/x.jar,y.jar --py-files s3://b/z.zip --archives s3://b/e.tgz --files f $EXTRA \\\n  job.py --conf spark.no=2 $DATE\n",
		"script", []string{"spark.a=1", "spark.b=2 3", "spark.c?", "spark.driver.extraJavaOptions=-Dx=y", "spark.jars=s3://b/x.jar,y.jar", "spark.submit.pyFiles=s3://b/z.zip", "spark.archives=s3://b/e.tgz", "spark.files=f", "entryPoint=job.py"},
		[]string{"line 6: --properties-file p.conf", "line 6: $EXTRA may hold arguments"},
	},
	{
		"script with start-job-run", "run.sh", `aws emr-containers start-job-run --no-cli-pager --virtual-cluster-id $ID --execution-role-arn arn:aws:iam::111111111111:role/j --release-label emr-7.10.0-latest \
  --job-driver '{"sparkSubmitJobDriver": {"entryPoint": "s3://b/job.py", "sparkSubmitParameters": "--conf spark.a=1"}}' \
  --configuration-overrides '{"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.b": "2"}}]}' --tags file://x`,
		"script", []string{"entryPoint=s3://b/job.py", "spark.a=1", "spark.b=2"}, nil,
	},
	{
		"start-job-run", "job.json", `{"name": "x", "executionRoleArn": "arn:aws:iam::111111111111:role/j", "releaseLabel": "emr-7.10.0-latest",
 "jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "s3://b/job.py", "entryPointArguments": ["--conf", "x"], "sparkSubmitParameters": "--conf spark.a=1 --conf 'spark.b=2 3' --driver-java-options -Dx=y"}},
 "configurationOverrides": {"applicationConfiguration": [
  {"classification": "spark-defaults", "properties": {"spark.c": "3", "spark.n": 4}},
  {"classification": "core-site", "properties": {"fs.s3a.access.key": "k"}},
  {"classification": "emrfs-site", "properties": {"fs.s3.customAWSCredentialsProvider": "p"}},
  {"classification": "spark-hive-site", "properties": {"hive.metastore.client.factory.class": "g"}},
  {"classification": "spark-env", "properties": {}, "configurations": [{"classification": "export", "properties": {"AWS_PROFILE": "dev"}}]},
  {"classification": "hudi-defaults", "properties": {"hoodie.aws.role.arn": "r"}},
  {"classification": "spark-log4j2", "properties": {"a": "b"}},
  {"classification": "presto", "properties": {"a": "b"}}],
  "monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://l/"}}}}`,
		"start-job-run JSON", []string{"executionRoleArn=arn:aws:iam::111111111111:role/j", "releaseLabel=emr-7.10.0-latest", "entryPoint=s3://b/job.py", "spark.a=1", "spark.b=2 3", "spark.driver.extraJavaOptions=-Dx=y", "spark.c=3", "spark.n=4",
			"spark.hadoop.fs.s3a.access.key=k", "spark.hadoop.fs.s3.customAWSCredentialsProvider=p", "spark.hadoop.hive.metastore.client.factory.class=g", "spark-env.export.AWS_PROFILE=dev", "hoodie.aws.role.arn=r"},
		[]string{`line 11, $.configurationOverrides.applicationConfiguration[7].classification): the classification "presto"`},
	},
	{
		"Step Functions", "machine.json", `{"States": {"Run": {"Type": "Task", "Resource": "arn:aws:states:::emr-containers:startJobRun.sync", "Parameters": {
 "VirtualClusterId.$": "$.id", "ExecutionRoleArn.$": "$.role", "JobDriver": {"SparkSubmitJobDriver": {"EntryPoint": "s3://b/x.py", "EntryPointArguments.$": "$.a", "SparkSubmitParameters.$": "$.p"}},
 "ConfigurationOverrides": {"ApplicationConfiguration": [{"Classification": "spark-defaults", "Properties": {"spark.a": "1"}}, {"Classification": "spark-env", "Configurations": [{"Classification": "export", "Properties": {"X": "1"}}]}]}}}}}`,
		"start-job-run JSON", []string{"executionRoleArn?", "entryPoint=s3://b/x.py", "spark.a=1", "spark-env.export.X=1"}, []string{"SparkSubmitParameters.$ is known only when"},
	},
	{
		"Airflow", "operator.json", `{"task_id": "x", "virtual_cluster_id": "v", "execution_role_arn": "r", "release_label": "emr-7.10.0-latest", "job_driver": {"sparkSubmitJobDriver": {"entryPoint": "s3://b/x.py", "sparkSubmitParameters": "--conf spark.a={{ ds }}"}},
 "configuration_overrides": {"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.b": "2"}}]}}`,
		"start-job-run JSON", []string{"executionRoleArn=r", "releaseLabel=emr-7.10.0-latest", "entryPoint=s3://b/x.py", "spark.a?", "spark.b=2"}, nil,
	},
	{
		"classifications", "c.json", `[{"Classification": "spark-defaults", "Properties": {"spark.a": "1"}}]`, "JSON", []string{"spark.a=1"}, nil,
	},
	{
		"properties alone", "p.json", `{"spark.a": "1", "fs.s3a.x": "2"}`, "JSON", []string{"spark.a=1", "spark.hadoop.fs.s3a.x=2"}, nil,
	},
	{
		"SparkApplication", "app.yaml", `apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
spec:
  image: i
  sparkVersion: 3.5.1
  mainApplicationFile: s3a://b/job.py
  sparkConf:
    spark.a: "1" # one
    'spark.b': 'x: y'
    "spark.c": |
      two
      lines
  hadoopConf: {fs.s3a.access.key: k}
  deps:
    jars: [s3a://b/x.jar, s3a://c/y.jar]
    pyFiles:
    - s3a://b/z.zip
  driver:
    javaOptions: "-Dx=y"
    env:
    - {name: A, value: "1"}
    - name: B
      valueFrom: {secretKeyRef: {name: s, key: k}}
    envVars: {C: "2"}
    envSecretKeyRefs: {D: {name: s, key: k}}
  executor:
    javaOptions: "-Dq"
    envFrom:
    - secretRef: {name: keys}
    template:
      spec:
        containers:
        - name: spark-kubernetes-executor
          env: [{name: E, value: "3"}]
`, "SparkApplication", []string{"spark.a=1", "spark.b=x: y", "spark.c=two\nlines\n", "spark.hadoop.fs.s3a.access.key=k", "spark.kubernetes.container.image=i", "mainApplicationFile=s3a://b/job.py",
			"spark.jars=s3a://b/x.jar,s3a://c/y.jar", "spark.submit.pyFiles=s3a://b/z.zip", "spark.driver.extraJavaOptions=-Dx=y", "spark.kubernetes.driverEnv.C=2", "spark.kubernetes.driver.secretKeyRef.D=s:k",
			"spark.kubernetes.driverEnv.A=1", "spark.kubernetes.driverEnv.B?", "spark.executor.extraJavaOptions=-Dq", "spark.executorEnv.E=3"},
		[]string{"$.spec.executor.envFrom[0]): envFrom: every variable of secret keys"},
	},
	{
		"ScheduledSparkApplication behind another document, with anchors", "apps.yml", "kind: ServiceAccount\n---\nkind: ScheduledSparkApplication\nx: &common {spark.a: \"1\"}\nspec:\n  template:\n    sparkConf:\n      <<: *common\n      spark.b: \"2\"\n",
		"ScheduledSparkApplication", []string{"spark.a=1", "spark.b=2"}, nil,
	},
	{
		"ACK", "run.yaml", "apiVersion: emrcontainers.services.k8s.aws/v1alpha1\nkind: JobRun\nspec:\n  executionRoleARN: r\n  jobDriver:\n    sparkSubmitJobDriver:\n      entryPoint: s3://b/x.py\n      sparkSubmitParameters: \"--conf spark.a=1\"\n  configurationOverrides: |\n    ApplicationConfiguration:\n    - Classification: spark-defaults\n      Properties:\n        spark.b: \"2\"\n",
		"JobRun of ACK", []string{"executionRoleArn=r", "entryPoint=s3://b/x.py", "spark.a=1", "spark.b=2"}, nil,
	},
	{
		"Terraform", "job.tf", `
variable "cores" { default = 2 }
resource "aws_emrcontainers_job_template" "x" { # a template
  job_template_data {
    execution_role_arn = aws_iam_role.job.arn
    release_label      = "emr-7.10.0-latest"
    job_driver {
      spark_submit_job_driver {
        entry_point             = "s3://${var.bucket}/x.py"
        spark_submit_parameters = "--conf spark.a=1 --conf spark.b=\"x y\" --conf spark.c=${var.cores}"
      }
    }
    configuration_overrides {
      application_configuration {
        classification = "spark-defaults"
        properties = {
          "spark.d" = "4", "spark.e" = var.cores
        }
      }
      application_configuration {
        classification = "spark-env"
        configurations {
          classification = "export"
          properties = { X = "1" }
        }
      }
    }
  }
}
resource "aws_sfn_state_machine" "y" {
  definition = jsonencode({ States = { Run = { Parameters = { JobDriver = { SparkSubmitJobDriver = {
    SparkSubmitParameters = join(" ", ["--conf spark.f=6", "--conf spark.g=7"]) } } } } } })
}
resource "z" "z" {
  spark_submit_parameters = local.parameters
  text = <<-EOT
    --conf spark.no=1
  EOT
}
`, "Terraform", []string{"executionRoleArn?", "releaseLabel=emr-7.10.0-latest", "entryPoint?", "spark.a=1", "spark.b=x y", "spark.c?", "spark.d=4", "spark.e?", "spark-env.export.X=1", "spark.f=6", "spark.g=7"},
		[]string{"spark_submit_parameters is known only when", "text has settings of Spark in a text that is not read"},
	},
	{
		"pod template", "driver.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: spark-kubernetes-driver\n    env:\n    - name: AWS_PROFILE\n      value: dev\n    envFrom:\n    - configMapRef: {name: c}\n  - name: sidecar\n    env: [{name: NO, value: \"1\"}]\n",
		"pod template", []string{"spark.kubernetes.driverEnv.AWS_PROFILE=dev"}, []string{"envFrom: every variable of configMap c"},
	},
	{
		"pod template of executors", "executor.yaml", "kind: Pod\nspec:\n  containers:\n  - {name: spark-kubernetes-executor, env: [{name: X, value: y}]}\n", "pod template", []string{"spark.executorEnv.X=y"}, nil,
	},
	{
		"ConfigMap", "cm.yaml", "kind: ConfigMap\ndata:\n  spark-defaults.conf: |\n    spark.a 1\n    spark.b 2\n", "ConfigMap", []string{"spark.a=1", "spark.b=2"}, nil,
	},
	{
		"without a name that says what it is", "-", "sparkConf:\n  spark.a: 1\n", "SparkApplication", []string{"spark.a=1"}, nil,
	},
}

func TestRead(t *testing.T) {
	for _, test := range readTests {
		c, err := Read(test.file, []byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if c.Form != test.form {
			t.Errorf("%s: form %q", test.name, c.Form)
		}
		var got, unread []string
		for _, p := range c.Properties {
			text := p.Name + "=" + p.Value
			if p.Unknown {
				text = p.Name + "?"
			}
			got = append(got, text)
			if !strings.HasPrefix(p.Where, test.file+" ("+test.form+", line ") {
				t.Errorf("%s: %s is in %q", test.name, p.Name, p.Where)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q\nwant\n%q", test.name, got, test.want)
		}
		for _, u := range c.Unread {
			unread = append(unread, u.Where+": "+u.Text)
		}
		if !slices.EqualFunc(unread, test.unread, strings.Contains) && !slices.EqualFunc(unread, test.unread, func(a, b string) bool { return strings.Contains(strings.ReplaceAll(a, "): ", ": "), b) }) {
			t.Errorf("%s: not understood %q\nwant %q", test.name, unread, test.unread)
		}
	}
}

// Each place is the line in the file, and the path where the form has one.
func TestWhere(t *testing.T) {
	for _, test := range []struct{ file, text, property, want string }{
		{"job.json", "{\n \"configurationOverrides\": {\"applicationConfiguration\": [{\"classification\": \"spark-defaults\",\n  \"properties\": {\n\"spark.a\": \"1\"}}]}}", "spark.a",
			"job.json (start-job-run JSON, line 4, $.configurationOverrides.applicationConfiguration[0].properties['spark.a'])"},
		{"app.yaml", "kind: SparkApplication\nspec:\n  driver:\n    env:\n    - name: X\n      value: y\n", "spark.kubernetes.driverEnv.X", "app.yaml (SparkApplication, line 6, $.spec.driver.env[0].value)"},
		{"d.conf", "\n\nspark.a 1", "spark.a", "d.conf (spark-defaults.conf, line 3)"},
		{"x.sh", "spark-submit \\\n --conf spark.a=1", "spark.a", "x.sh (script, line 2)"},
		{"cm.yaml", "kind: ConfigMap\ndata:\n  a.conf: |\n    spark.a 1\n    spark.b 2\n", "spark.b", "cm.yaml (ConfigMap, line 5, $.data['a.conf'])"},
	} {
		c, err := Read(test.file, []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if p := c.Find(test.property); len(p) != 1 || p[0].Where != test.want {
			t.Errorf("%v\nwant %s", p, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	c, err := Read("job.json", []byte(`{"jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "s3://b/x", "sparkSubmitParameters": "--conf spark.a=1 --properties-file x --conf y"}}}`))
	if want := "read 1 property of start-job-run JSON in job.json (1 of them in sparkSubmitParameters, which come before spark-defaults); 2 not understood: --properties-file x: its properties are not read; --conf y is not NAME=VALUE"; err != nil || c.Summary() != want {
		t.Errorf("%s, %v", c.Summary(), err)
	}
}

// --conf in sparkSubmitParameters comes before spark-defaults, and javaOptions before sparkConf.
func TestAbove(t *testing.T) {
	c, err := Read("job.json", []byte(`{"jobDriver": {"sparkSubmitJobDriver": {"sparkSubmitParameters": "--conf spark.a=1"}}, "configurationOverrides": {"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.a": "2"}}]}}`))
	if err != nil || len(c.Find("spark.a")) != 2 || c.Find("spark.a")[0].Above != "spark-defaults" || c.Find("spark.a")[1].Above != "" {
		t.Errorf("%+v, %v", c.Properties, err)
	}
	c, err = Read("a.yaml", []byte("kind: SparkApplication\nspec:\n  driver: {javaOptions: -Dx}\n"))
	if err != nil || c.Find("spark.driver.extraJavaOptions")[0].Above != "sparkConf" {
		t.Errorf("%+v, %v", c.Properties, err)
	}
}

// What cannot be read is refused, with where and why.
func TestRefused(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", 'b'+i, 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 10), ", "))
	}
	for _, test := range []struct{ file, text, want string }{
		{"x.yaml", "\xff\xfek\x00:\x00", "it is UTF-16"},
		{"x.conf", "\xfe\xff\x00s", "it is UTF-16"},
		{"dag.py", "EmrContainerOperator()", "print the arguments of Airflow's operator as JSON"},
		{"x.json", "{\n\n\"a\": }", "line 3: it is not JSON"},
		{"x.yaml", "a: [\n", "it is not YAML"},
		{"x.yaml", "sparkConf:\n  {{ toYaml .Values.conf }}\n", "line 2: it is a template"},
		{"x.yaml", "kind: Deployment\n", "Deployment is not a kind that this reads"},
		{"x.yaml", bomb, "it has more than 100000 values"},
		{"x.tf", "resource \"a\" \"b\" {\n x = \"y\n", "line 2: it is not Terraform: a text is not closed"},
		{"x.tf", "resource \"a\" {\n", "a brace is not closed"},
		{"x.tf", "\nx = [a, )", "line 2: it is not Terraform: ')' is no value"},
		{"x.tf", "x = [(\"a\n\")]", "a text is not closed"},
		{"x", "job.py", `no property in it whose name begins with "spark."`},
		{"x", "apiVersion: v1", `no property in it`},
		{"x.json", "{}", `no property in it`},
	} {
		if c, err := Read(test.file, []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v, %v", test.file, test.text, c, err)
		}
	}
	if c, err := Read("x", nil); err != nil || len(c.Properties) > 0 {
		t.Errorf("nothing: %v, %v", c, err)
	}
}
