package jobconf

import (
	"slices"
	"strings"
	"testing"
)

// What looks like a setting of the job, in a place that is not read, is not passed over in silence.
func TestOverlooked(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want, unread     []string
	}{
		{
			"a text with arguments, and a command", "job.tf",
			"locals {\n  args = \"--conf spark.a=1\"\n}\nresource \"null_resource\" \"r\" {\n  command = var.x ? \"spark-submit --conf spark.b=2\" : \"\"\n}\nx = {\n spark_submit_parameters = \"--conf spark.c=3\"\n}\n",
			[]string{"spark.c=3"}, []string{"line 2, $.locals.args", "line 5, $['resource.null_resource.r'].command"},
		},
		{
			"a manifest in a text", "job.tf", "spark_submit_parameters = \"--conf spark.a=1\"\nyaml_body = <<-EOT\n  kind: SparkApplication\n  spec:\n    sparkConf:\n      spark.b: \"1\"\nEOT\n",
			[]string{"spark.a=1"}, []string{"line 2, $.yaml_body"},
		},
		{
			"variables of another operator", "app.yaml", "kind: SparkApplication\nspec:\n  sparkConf: {spark.a: \"1\"}\n  env: [{name: AWS_PROFILE, value: dev}]\n  driver:\n    envOverrides: {A: b}\n    envVars: {}\n    sidecars:\n    - name: x\n      env: [{name: A, value: b}]\n",
			[]string{"spark.a=1"}, []string{"line 4, $.spec.env: env", "line 6, $.spec.driver.envOverrides: envOverrides"},
		},
		{
			"properties elsewhere", "app.yaml", "kind: SparkApplication\nspec:\n  sparkConf: {spark.a: \"1\"}\n  batchScheduler:\n    conf: {spark.b: \"2\", other: x}\n",
			[]string{"spark.a=1"}, []string{"line 5, $.spec.batchScheduler.conf['spark.b']"},
		},
		{
			"another object in the file", "all.yaml", "kind: CronJob\nspec:\n  containers:\n  - command: [spark-submit, --conf, spark.b=2]\n    env: [{name: A, value: b}]\n---\nkind: SparkApplication\nspec:\n  sparkConf: {spark.a: \"1\"}\n",
			[]string{"spark.a=1"}, []string{"line 4, $.spec.containers[0].command"},
		},
		{
			"arguments of the job, of a step, and of Airflow", "job.json", `{"jobDriver": {"sparkSubmitJobDriver": {"entryPointArguments": ["--conf", "spark.no=1"]}}, "env_vars": {"AWS_PROFILE": "dev"}, "Args": ["spark-submit", "--conf", "spark.b=2"]}`,
			nil, []string{"$.env_vars", "$.Args"},
		},
		{
			"an anchor that is read where its alias is", "app.yaml", "x: &common {spark.a: \"1\"}\ny: &v [{name: A, value: b}]\nkind: SparkApplication\nspec:\n  sparkConf: *common\n  driver: {env: *v}\n",
			[]string{"spark.a=1", "spark.kubernetes.driverEnv.A=b"}, nil,
		},
		{
			"a name that is there twice", "job.json", `{"jobDriver": {}, "configurationOverrides": {"applicationConfiguration": []}, "configurationOverrides": {}}`,
			nil, []string{"line 1, $.configurationOverrides: configurationOverrides is there twice"},
		},
		{
			"a SparkApplication in Terraform", "job.tf", "resource \"kubernetes_manifest\" \"j\" {\n  manifest = {\n    kind = \"SparkApplication\"\n    spec = {\n      sparkConf = { \"spark.a\" = \"1\" }\n      driver = { javaOptions = \"-Dx\", envVars = { A = \"b\" } }\n    }\n  }\n}\n",
			[]string{"spark.a=1", "spark.driver.extraJavaOptions=-Dx", "spark.kubernetes.driverEnv.A=b"}, nil,
		},
		{
			"Apache's operator", "app.yaml", "apiVersion: spark.apache.org/v1\nkind: SparkApplication\nspec:\n  pyFiles: s3a://b/job.py\n  sparkConf: {spark.a: \"1\"}\n  runtimeVersions: {sparkVersion: 4.0.1}\n  driverSpec:\n    podTemplateSpec:\n      spec:\n        containers:\n        - name: spark-kubernetes-driver\n          env: [{name: A, value: b}]\n  executorSpec: {podTemplateSpec: {spec: {containers: [{name: x, env: [{name: C, value: d}]}]}}}\n",
			[]string{"spark.a=1", "spark.submit.pyFiles=s3a://b/job.py", "spark.kubernetes.driverEnv.A=b", "spark.executorEnv.C=d"}, nil,
		},
	} {
		c, err := Read(test.file, []byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got, unread []string
		for _, p := range c.Properties {
			got = append(got, p.Name+"="+p.Value)
		}
		for _, u := range c.Unread {
			unread = append(unread, strings.Replace(u.Where, "): ", ": ", 1)+": "+u.Text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q\nwant %q", test.name, got, test.want)
		}
		if !slices.EqualFunc(unread, test.unread, func(u, part string) bool { return strings.Contains(strings.Replace(u, "): ", ": ", 1), part) }) {
			t.Errorf("%s: not understood\n%s\nwant\n%s", test.name, strings.Join(unread, "\n"), strings.Join(test.unread, "\n"))
		}
	}
	c, err := Read("app.yaml", []byte("kind: SparkApplication\nspec:\n  runtimeVersions: {sparkVersion: 4.0.1}\n  sparkConf: {}\n"))
	if err != nil || c.Release != "spark-4.0.1" {
		t.Errorf("release %q, %v", c.Release, err)
	}
}
