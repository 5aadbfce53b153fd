package submission

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"rolechain/internal/exit"
	"rolechain/internal/jobconf"
)

// merged returns a file with the chain in it.
func merged(t *testing.T, r Request, file, text string) (string, error) {
	t.Helper()
	c, err := jobconf.Read(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	change, _, err := Merge(r, c)
	if err != nil {
		return "", err
	}
	out, err := c.Apply(change)
	return string(out), err
}

// toMerge is what a team gives beside its job.
func toMerge() Request {
	return Request{WithoutJar: true, ClientRole: client, JobRole: job, Delivery: "endpoint", JobBuckets: []string{"jobs-1"}}
}

// jobs are of each form, with layouts that people have; each line of them has to be in the result, in this order, but for those
// that change.
var jobs = []struct {
	file, release, text string
	changed             []string // parts of lines that are edited
}{
	{"job.json", "", `{
    "name": "nightly",
    "virtualClusterId": "abc",
    "executionRoleArn": "` + job + `",
    "releaseLabel": "emr-7.10.0-latest",
    "jobDriver": {"sparkSubmitJobDriver": {"entryPoint": "s3://jobs-1/job.py", "sparkSubmitParameters": "--conf spark.executor.instances=2"}},
    "configurationOverrides": {
        "applicationConfiguration": [
            {
                "classification": "spark-defaults",
                "properties": {
                    "spark.z": "<&>",
                    "spark.driver.extraJavaOptions": "-Xss2m",
                    "spark.a": "1"
                }
            },
            {"classification": "core-site", "properties": {}}
        ]
    },
    "tags": {}
}
`, []string{`"spark.driver.extraJavaOptions"`, `"spark.a"`}},
	{"minimal.json", "emr-7.14.0", `{"virtualClusterId":"abc","jobDriver":{"sparkSubmitJobDriver":{"entryPoint":"s3://jobs-1/job.py"}}}`, []string{"{"}},
	{"empty.json", "emr-7.14.0", "{\n  \"jobDriver\": {\"sparkSubmitJobDriver\": {\"entryPoint\": \"s3://jobs-1/job.py\"}},\n  \"configurationOverrides\": { }\n}\n", []string{`"configurationOverrides"`}},
	{"machine.json", "emr-7.14.0", `{
  "Comment": "nightly",
  "States": {
    "Run": {
      "Type": "Task",
      "Resource": "arn:aws:states:::emr-containers:startJobRun.sync",
      "Parameters": {
        "Name.$": "$.name",
        "JobDriver": {"SparkSubmitJobDriver": {"EntryPoint": "s3://jobs-1/job.py"}},
        "ConfigurationOverrides": {
          "ApplicationConfiguration": [
            {"Classification": "core-site", "Properties": {"a": "b"}}
          ]
        }
      },
      "End": true
    }
  }
}
`, []string{`"Classification": "core-site"`}},
	{"operator.json", "emr-7.14.0", "{\n\t\"task_id\": \"x\",\n\t\"job_driver\": {\"sparkSubmitJobDriver\": {\"entryPoint\": \"s3://jobs-1/job.py\"}}\n}", []string{`"job_driver"`}},
	{"classifications.json", "emr-7.14.0", "[\n  {\n    \"Classification\": \"spark-env\",\n    \"Properties\": {}\n  }\n]\n", []string{"  }"}},
	{"spark-defaults.conf", "spark-3.5", "# ours\nspark.executor.instances   2\n\nspark.driver.extraJavaOptions   -Xss2m \\\n    -Dx=C:\\\\y\n! end\nspark.z  1", []string{"spark.driver.extraJavaOptions", "    -Dx"}},
	{"with-equals.conf", "spark-3.5", "spark.z=1\n", nil},
	{"app.yaml", "", `# the team's job
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
    name: nightly   # at night

spec:
    sparkVersion: "3.5.1"
    image: "ours:1"

    sparkConf:
        # memory
        spark.z: "1"
        "spark.b": 'it''s'   # quoted

    # roles of pods
    driver:
        javaOptions: -Xss2m  # a stack
        env:
            - name: TZ
              value: UTC
    executor:
        instances: 2
`, []string{"javaOptions:"}},
	{"without-conf.yaml", "spark-4.0", "kind: SparkApplication\nspec:\n  mode: cluster\n  driver:\n    cores: 1\n", nil},
	{"flow.yaml", "spark-4.0", "kind: SparkApplication # x\nspec:\n  mode: cluster\n  sparkConf: {spark.z: \"1\"}\n", []string{"sparkConf: {"}},
	{"lines.json", "emr-7.14.0", "\ufeff{\r\n  \"jobDriver\": {},\r\n  \"configurationOverrides\": {\r\n    \"applicationConfiguration\": [\r\n    ]\r\n  }\r\n}", []string{"\"applicationConfiguration\""}},
	{"lines.yaml", "spark-4.0", "kind: SparkApplication\r\nspec:\r\n  sparkConf:\r\n    spark.z: \"1\"\r\n    # behind it\r\n\r\n  # before the driver\r\n  driver: {}\r\n", nil},
	{"lines.conf", "spark-3.5", "spark.z 1\r\nspark.b 2", nil},
	{"list.json", "spark-4.0", "{\"kind\": \"List\", \"items\": [\n  {\"kind\": \"Service\"},\n  {\"kind\": \"SparkApplication\", \"spec\": {\"sparkConf\": {\"spark.z\": \"1\"}, \"driver\": {\"env\": [{\"name\": \"A\", \"value\": \"1\"}]}}}\n]}\n", []string{`{"kind": "SparkApplication"`}},
	{"two.yaml", "spark-4.0", "kind: ServiceAccount\nmetadata:\n  name: x\n---\nkind: SparkApplication\nspec:\n  sparkConf:\n    spark.z: |\n      a\n\n      b\n", nil},
}

// The same job comes out with the chain: each line is where it was, the properties are there, and merging again changes nothing.
func TestMerge(t *testing.T) {
	for _, test := range jobs {
		r := toMerge()
		r.Release = test.release
		out, err := merged(t, r, test.file, test.text)
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		at := 0
		for line := range strings.Lines(test.text) {
			line = strings.TrimRight(line, "\n")
			if slices.ContainsFunc(test.changed, func(c string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), strings.TrimLeft(c, " ")) }) {
				continue
			}
			i := strings.Index(out[at:], line)
			if i < 0 {
				t.Errorf("%s: %q is lost, or in another place\n%s", test.file, line, out)
				break
			}
			at += i + len(line)
		}
		if strings.Contains(test.text, "\r\n") && strings.Count(out, "\n") != strings.Count(out, "\r\n") {
			t.Errorf("%s: line ends: %q", test.file, out)
		}
		c, err := jobconf.Read(test.file, []byte(out))
		if err != nil {
			t.Fatalf("%s: %v\n%s", test.file, err, out)
		}
		before, _ := jobconf.Read(test.file, []byte(test.text))
		for _, p := range before.Properties {
			if found := c.Find(p.Name); len(found) != 1 || found[0].Value != p.Value && !strings.HasPrefix(found[0].Value, p.Value+" -Daws.profile=") {
				t.Errorf("%s: %s was %q, is %v", test.file, p.Name, p.Value, found)
			}
		}
		for _, name := range []string{"spark.kubernetes.driverEnv.CLIENT_ROLE_ARN", "spark.executorEnv.CLIENT_ROLE_ARN"} {
			if found := c.Find(name); len(found) != 1 || found[0].Value != client {
				t.Errorf("%s: %s: %v\n%s", test.file, name, found, out)
			}
		}
		for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
			if found := c.Find(name); len(found) != 1 || !strings.HasSuffix(found[0].Value, "-Daws.profile=job-execution-role") {
				t.Errorf("%s: %s: %v", test.file, name, found)
			}
		}
		again, err := merged(t, r, test.file, out)
		if err != nil || again != out {
			t.Errorf("%s: merging again: %v\n%s", test.file, err, diff.Diff("once", []byte(out), "twice", []byte(again)))
		}
	}
}

// Names are spelt as the file spells them.
func TestMergeSpelling(t *testing.T) {
	for file, want := range map[string]string{
		"machine.json":         `"Classification": "spark-defaults"`,
		"job.json":             `"spark.executorEnv.CLIENT_ROLE_ARN": "` + client + `"`,
		"minimal.json":         `"configurationOverrides":`,
		"operator.json":        `"configuration_overrides": {` + "\n\t\t\"applicationConfiguration\": [\n\t\t\t{\n\t\t\t\t\"classification\": \"spark-defaults\"",
		"classifications.json": `"Classification": "spark-defaults"`,
		"with-equals.conf":     "spark.executorEnv.CLIENT_ROLE_ARN=" + client + "\n",
		"spark-defaults.conf":  "spark.executorEnv.CLIENT_ROLE_ARN " + client + "\n",
		"app.yaml":             "        spark.executorEnv.CLIENT_ROLE_ARN: \"" + client + "\"\n",
	} {
		i := slices.IndexFunc(jobs, func(j struct {
			file, release, text string
			changed             []string
		}) bool {
			return j.file == file
		})
		r := toMerge()
		r.Release = jobs[i].release
		out, err := merged(t, r, file, jobs[i].text)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s\nwant %s", file, err, out, want)
		}
	}
}

// Of two places for options of the JVM the one that counts is edited.
func TestMergeOptionsThatCount(t *testing.T) {
	r := toMerge()
	r.Release = "spark-4.0"
	out, err := merged(t, r, "a.yaml", "kind: SparkApplication\nspec:\n  sparkConf:\n    spark.driver.extraJavaOptions: -Da\n  driver:\n    javaOptions: -Db\n")
	if err != nil || !strings.Contains(out, "spark.driver.extraJavaOptions: -Da\n") || !strings.Contains(out, `javaOptions: "-Db -Daws.profile=job-execution-role"`) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = merged(t, r, "a.conf", "spark.driver.extraJavaOptions -Da\nspark.driver.extraJavaOptions -Db\n")
	if err != nil || !strings.HasPrefix(out, "spark.driver.extraJavaOptions -Da\nspark.driver.extraJavaOptions -Db -Daws.profile=job-execution-role\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// EMR takes 100 properties, the job's own among them.
func TestMergeTooMany(t *testing.T) {
	r := toMerge()
	r.Release = "emr-7.14.0"
	var list []string
	for i := range 95 {
		list = append(list, fmt.Sprintf("\"spark.p%d\": \"x\"", i))
	}
	_, err := merged(t, r, "j.json", "{"+strings.Join(list, ",")+"}")
	if err == nil || !strings.Contains(err.Error(), "more than the 100 that start-job-run takes") || exit.CodeOf(err) != exit.Conflict {
		t.Errorf("%v", err)
	}
}

// What something else fills in is not taken for a role.
func TestMergeTemplate(t *testing.T) {
	r := toMerge()
	r.JobRole, r.Release = "", "emr-7.14.0"
	_, err := merged(t, r, "j.json", `{"executionRoleArn": "{{ role }}", "jobDriver": {}}`)
	if err == nil || !strings.HasPrefix(err.Error(), "-job-role is missing") {
		t.Errorf("%v", err)
	}
}

// What the job says of itself needs no flag, and where its logs go is added only if it does not say so.
func TestMergeTakesFromTheJob(t *testing.T) {
	r := toMerge()
	r.JobRole, r.LogURI = "", "s3://logs-1/"
	const text = `{"executionRoleArn": "` + job + `", "releaseLabel": "emr-6.15.0-latest", "jobDriver": {}`
	out, err := merged(t, r, "j.json", text+"}")
	if err != nil || !strings.Contains(out, `"spark.hadoop.fs.s3.customAWSCredentialsProvider"`) || !strings.Contains(out, `"WEB_IDENTITY_ROLE_ARN": "`+job) && !strings.Contains(out, `WEB_IDENTITY_ROLE_ARN": "`+job) ||
		!strings.Contains(out, `"logUri": "s3://logs-1/"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if again, err := merged(t, r, "j.json", out); err != nil || again != out {
		t.Errorf("%v\n%s", err, again)
	}
	out, err = merged(t, r, "j.json", text+`, "configurationOverrides": {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://theirs/"}}}}`)
	if err != nil || strings.Contains(out, "logs-1") || !strings.Contains(out, "s3://theirs/") {
		t.Errorf("%v\n%s", err, out)
	}
	r.Image = "ours"
	r.LogURI = ""
	out, err = merged(t, r, "a.yaml", "kind: SparkApplication\nspec:\n  image: x.dkr.ecr/spark/emr-6.15.0:latest\n")
	if err == nil || !strings.Contains(err.Error(), "-job-role is missing") {
		t.Errorf("%v\n%s", err, out)
	}
	r.JobRole, r.Image = job, ""
	out, err = merged(t, r, "a.yaml", "kind: SparkApplication\nspec:\n  sparkVersion: 3.4.1\n  image: x.dkr.ecr/spark/emr-6.15.0:latest\n")
	if err != nil || !strings.Contains(out, "fs.s3.customAWSCredentialsProvider") {
		t.Errorf("an image of EMR: %v\n%s", err, out)
	}
}
