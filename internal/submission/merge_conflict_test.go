package submission

import (
	"strings"
	"testing"

	"rolechain/internal/exit"
)

// What contradicts the chain is refused, with where it is.
func TestMergeConflicts(t *testing.T) {
	const begin = "kind: SparkApplication\nspec:\n"
	for _, test := range []struct {
		file, text string
		change     func(*Request)
		code       exit.Code
		want       string
	}{
		{"a.yaml", begin + "  sparkConf:\n    spark.hadoop.fs.s3a.aws.credentials.provider: x\n", nil, exit.Conflict, `a.yaml (SparkApplication, line 4, $.spec.sparkConf['spark.hadoop.fs.s3a.aws.credentials.provider']): spark.hadoop.fs.s3a.aws.credentials.provider is "x"`},
		{"a.yaml", begin + "  executor:\n    envVars: {AWS_PROFILE: dev}\n", nil, exit.Conflict, "line 4, $.spec.executor.envVars.AWS_PROFILE): spark.executorEnv.AWS_PROFILE gives SDKs other credentials"},
		{"a.yaml", begin + "  driver:\n    javaOptions: -Daws.profile=dev\n", nil, exit.Conflict, "line 4, $.spec.driver.javaOptions): spark.driver.extraJavaOptions has -Daws.profile"},
		{"a.yaml", begin + "  image: other\n", func(r *Request) { r.Image = "ours" }, exit.Conflict, `line 3, $.spec.image): spark.kubernetes.container.image is "other", and -image is "ours"`},
		{"a.yaml", begin + "  sparkConf: none\n", nil, exit.Conflict, "line 3, $.spec.sparkConf): this is not a map"},
		{"a.yaml", "x: &c {spark.a: \"1\"}\n" + begin + "  sparkConf: *c\n", nil, exit.Conflict, "this is an alias"},
		{"j.json", `{"executionRoleArn": "arn:aws:iam::111111111111:role/other", "jobDriver": {}}`, nil, exit.Conflict, `$.executionRoleArn): executionRoleArn is "arn:aws:iam::111111111111:role/other", and -job-role is`},
		{"j.json", `{"jobDriver": {"sparkSubmitJobDriver": {"sparkSubmitParameters": "--conf spark.executorEnv.ROLE_CHAIN_DELIVERY=file"}}}`, nil, exit.Conflict, `$.jobDriver.sparkSubmitJobDriver.sparkSubmitParameters): spark.executorEnv.ROLE_CHAIN_DELIVERY is "file", which comes before spark-defaults`},
		{"j.json", `{"jobDriver": {"sparkSubmitJobDriver": {"sparkSubmitParameters": "--conf spark.driver.extraJavaOptions=-Xss2m"}}}`, nil, exit.Conflict, "spark.driver.extraJavaOptions cannot be edited there"},
		{"j.json", `{"jobDriver": {}, "configurationOverrides": {"applicationConfiguration": "none"}}`, nil, exit.Conflict, "cannot be added to"},
		{"j.json", `[{"jobDriver": {}}, {"jobDriver": {}}]`, nil, exit.BadSetting, "there are 2 jobs in it"},
		{"j.json", `{"x": {"spark.a": "1"}}`, nil, exit.BadSetting, "no job that they could be added to"},
		{"j.json", `[{"x": {"spark.a": "1"}}]`, nil, exit.BadSetting, "no job that they could be added to"},
		{"a.yaml", "kind: SparkApplication\nenv: [{name: A, value: b}]\n", nil, exit.BadSetting, "a.yaml: the SparkApplication has no spec"},
		{"j.json", " \n", nil, exit.BadSetting, "j.json: there is nothing in it"},
		{"a.yaml", "", nil, exit.BadSetting, "a.yaml: there is nothing in it"},
		{"standard input", "", nil, exit.BadSetting, "standard input: there is nothing in it"},
		{"x.sh", "spark-submit --conf spark.a=1 x.py", nil, exit.BadSetting, "script is not edited"},
		{"x.tf.json", `{"resource": {"aws_emrcontainers_job_template": {"x": {"job_template_data": [{"job_driver": [{}]}]}}}}`, nil, exit.BadSetting, "Terraform is not edited"},
		{"x.tf", "spark_submit_parameters = \"--conf spark.a=1\"", nil, exit.BadSetting, "Terraform is not edited"},
		{"x.conf", "spark.a 1", func(r *Request) { r.Name = "x" }, exit.BadSetting, `-name: "x" is for a job that is written anew`},
		{"x.conf", "spark.a 1", func(r *Request) { r.Form = EMR }, exit.BadSetting, `-for: "emr" is not what x.conf is`},
		{"x.conf", "spark.a 1", func(r *Request) { r.Arguments = []string{"x"} }, exit.BadSetting, "is an argument of a job that has its own"},
		{"x.conf", "spark.a 1", func(r *Request) { r.Release = "" }, exit.BadSetting, "-release"},
	} {
		r := toMerge()
		r.Release = "emr-7.14.0"
		if test.change != nil {
			test.change(&r)
		}
		out, err := merged(t, r, test.file, test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) || exit.CodeOf(err) != test.code {
			t.Errorf("%s: code %d, %v\n%s\nwant %s", test.text, exit.CodeOf(err), err, out, test.want)
		}
	}
}
