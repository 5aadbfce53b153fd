package jobconf

import (
	"strings"
	"testing"
)

// Values that a form gives a meaning to are read back as they were given.
func TestApplyValues(t *testing.T) {
	for file, text := range map[string]string{
		"a.conf": "spark.a 1\n",
		"b.conf": "spark.a = 1\n",
		"c.json": "{\n  \"spark.a\": \"1\"\n}\n",
		"d.yaml": "kind: SparkApplication\nspec:\n  sparkConf:\n    spark.a: \"1\"\n",
		"e.yaml": "kind: SparkApplication\nspec:\n  volumes:\n  - name: x\n",
		"f.yaml": "kind: SparkApplication\nspec:\n  sparkConf: {}\n",
		"g.yaml": "jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n  - classification: core-site\n    properties: {}\n",
		"h.json": "{\"jobDriver\":{}}",
		"i.yaml": "jobDriver: {}\n",
	} {
		for _, value := range []string{"<&>", "=a", ":b", "#c", "!d", `e\f`, "- g", "h: i", "ü", "true", "{{x}}", "'", `"`} {
			c, err := Read(file, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.Apply(Change{Add: []Setting{{"spark.new", value}}})
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			again, err := Read(file, out)
			if err != nil {
				t.Fatalf("%s: %v\n%s", file, err, out)
			}
			if found := again.Find("spark.new"); len(found) != 1 || found[0].Value != value {
				t.Errorf("%s: %q: %v\n%s", file, value, found, out)
			}
			if value == "<&>" && !strings.Contains(string(out), value) {
				t.Errorf("%s: %s", file, out)
			}
		}
	}
}

// A list at the indentation of its key belongs to that key.
func TestApplyBehindList(t *testing.T) {
	const text = "kind: SparkApplication\nspec:\n  volumes:\n  - name: x\n  - name: y\nstatus: {}\n"
	c, err := Read("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Apply(Change{Add: []Setting{{"spark.a", "1"}}})
	want := strings.Replace(text, "status", "  sparkConf:\n    spark.a: \"1\"\nstatus", 1)
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}

// A value is replaced where it stands, in its line, whatever its quotes.
func TestReplace(t *testing.T) {
	for _, quoted := range []string{"-Xss2m", `"-Xss2m"`, `'-Xss2m'`} {
		text := "kind: SparkApplication\nspec:\n  driver: {ü: x, javaOptions: " + quoted + "} # a stack\n"
		c, err := Read("a.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Apply(Change{Replace: []Replacement{{c.Find("spark.driver.extraJavaOptions")[0], "-Xss2m 'x'"}}})
		if want := strings.Replace(text, quoted, `"-Xss2m 'x'"`, 1); err != nil || string(out) != want {
			t.Errorf("%v\n%s\nwant %s", err, out, want)
		}
	}
	// Over several lines the library writes it.
	c, err := Read("a.yaml", []byte("kind: SparkApplication # k\nspec:\n  driver:\n    javaOptions: >-\n      -Xss2m\n      -Dx\n  executor: {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Apply(Change{Replace: []Replacement{{c.Find("spark.driver.extraJavaOptions")[0], "new"}}})
	if err != nil || !strings.Contains(string(out), "    javaOptions: \"new\"\n  executor: {}\n") || !strings.Contains(string(out), "# k") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A null has nothing to say, whatever wrote it: what goes there takes its place, and nothing else moves.
func TestApplyToNulls(t *testing.T) {
	change := Change{Add: []Setting{{"spark.a", "1"}}, LogURI: "s3://logs/x", LogGroup: "/jobs"}
	const classified = `"applicationConfiguration":[{"classification":"spark-defaults", "properties":{"spark.a":"1"}}]`
	const monitored = `"cloudWatchMonitoringConfiguration":{"logGroupName":"/jobs"}, "s3MonitoringConfiguration":{"logUri":"s3://logs/x"}`
	for name, c := range map[string]struct{ file, text, want string }{
		"overrides": {"a.json", `{"jobDriver":{}, "configurationOverrides":null, "name":"x"}`,
			`{"jobDriver":{}, "configurationOverrides":{"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.a": "1"}}], "monitoringConfiguration": {"cloudWatchMonitoringConfiguration": {"logGroupName": "/jobs"}, "s3MonitoringConfiguration": {"logUri": "s3://logs/x"}}}, "name":"x"}`},
		"Airflow": {"a.json", `{"job_driver":{"a":1}, "configuration_overrides": null}`,
			`{"job_driver":{"a":1}, "configuration_overrides": {"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.a": "1"}}], "monitoringConfiguration": {"cloudWatchMonitoringConfiguration": {"logGroupName": "/jobs"}, "s3MonitoringConfiguration": {"logUri": "s3://logs/x"}}}}`},
		"both within them": {"a.json", `{"jobDriver":{}, "configurationOverrides":{"applicationConfiguration":null, "monitoringConfiguration":null}}`,
			`{"jobDriver":{}, "configurationOverrides":{"applicationConfiguration":[{"classification": "spark-defaults", "properties": {"spark.a": "1"}}], "monitoringConfiguration":{"cloudWatchMonitoringConfiguration": {"logGroupName": "/jobs"}, "s3MonitoringConfiguration": {"logUri": "s3://logs/x"}}}}`},
		"a log's place": {"a.json", `{"jobDriver":{}, "configurationOverrides":{"monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":null},"cloudWatchMonitoringConfiguration":null}}}`,
			`{"jobDriver":{}, "configurationOverrides":{"monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":"s3://logs/x"},"cloudWatchMonitoringConfiguration":{"logGroupName": "/jobs"}}, ` + classified + `}}`},
		"what is there stays": {"a.json", `{"jobDriver":{}, "configurationOverrides":{"monitoringConfiguration":{"persistentAppUI":"ENABLED"}}}`,
			`{"jobDriver":{}, "configurationOverrides":{"monitoringConfiguration":{"persistentAppUI":"ENABLED", ` + monitored + `}, ` + classified + `}}`},
		"PascalCase": {"a.json", `{"JobDriver":{}, "ConfigurationOverrides":{"MonitoringConfiguration":{"S3MonitoringConfiguration":{"LogUri":""}}}}`,
			`{"JobDriver":{}, "ConfigurationOverrides":{"MonitoringConfiguration":{"S3MonitoringConfiguration":{"LogUri":"s3://logs/x"}, "CloudWatchMonitoringConfiguration":{"LogGroupName":"/jobs"}}, "ApplicationConfiguration":[{"Classification":"spark-defaults", "Properties":{"spark.a":"1"}}]}}`},
		"YAML": {"a.yaml", "jobDriver: {}\nconfigurationOverrides: # all\nname: x # ours\n",
			"jobDriver: {}\nconfigurationOverrides: # all\n  applicationConfiguration:\n    - classification: \"spark-defaults\"\n      properties:\n        spark.a: \"1\"\n  monitoringConfiguration:\n    cloudWatchMonitoringConfiguration:\n      logGroupName: \"/jobs\"\n    s3MonitoringConfiguration:\n      logUri: \"s3://logs/x\"\nname: x # ours\n"},
		"within YAML": {"a.yaml", "jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n\n  - classification: spark-defaults\n    properties: ~ # none\n\n  monitoringConfiguration:\n    persistentAppUI: ENABLED\n    s3MonitoringConfiguration: {logUri: null}\n# end\n",
			"jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n\n  - classification: spark-defaults\n    properties: # none\n      spark.a: \"1\"\n\n  monitoringConfiguration:\n    persistentAppUI: ENABLED\n    s3MonitoringConfiguration: {logUri: \"s3://logs/x\"}\n    cloudWatchMonitoringConfiguration:\n      logGroupName: \"/jobs\"\n# end\n"},
		"a list in YAML": {"a.yaml", "jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:",
			"jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n    - classification: \"spark-defaults\"\n      properties:\n        spark.a: \"1\"\n  monitoringConfiguration:\n    cloudWatchMonitoringConfiguration:\n      logGroupName: \"/jobs\"\n    s3MonitoringConfiguration:\n      logUri: \"s3://logs/x\"\n"},
		"SparkApplication": {"a.yaml", "kind: SparkApplication\nspec:\n  image:\n\n  sparkConf: # none\n  driver:\n    env:\n",
			"kind: SparkApplication\nspec:\n  image: \"image\"\n\n  sparkConf: # none\n    spark.a: \"1\"\n  driver:\n    env:\n"},
		"in braces": {"a.yaml", "kind: SparkApplication\nspec: {image: ~, sparkConf: , driver: null }\n",
			"kind: SparkApplication\nspec: {image: \"image\", sparkConf: {spark.a: \"1\"}, driver: null }\n"},
	} {
		t.Run(name, func(t *testing.T) {
			conf, err := Read(c.file, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			change := change
			if conf.IsApplication() {
				change.Image, change.LogURI, change.LogGroup = "image", "", ""
			}
			if out, err := conf.Apply(Change{}); err != nil || string(out) != c.text {
				t.Errorf("without a change: %v\n%s", err, out)
			}
			if out, err := conf.Apply(change); err != nil || string(out) != c.want {
				t.Errorf("%v\n%s\nnot\n%s", err, out, c.want)
			}
		})
	}
}

// Names of properties are what they are: one that differs in its spelling alone is another property.
func TestApplyBesideAlikeName(t *testing.T) {
	const text = "kind: SparkApplication\nspec:\n  sparkConf:\n    spark.executorEnv.clientRoleArn: theirs\n"
	c, err := Read("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Apply(Change{Add: []Setting{{"spark.executorEnv.CLIENT_ROLE_ARN", "ours"}}})
	if want := text + "    spark.executorEnv.CLIENT_ROLE_ARN: \"ours\"\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}

// A value beside a null, and a null itself, can be replaced.
func TestReplaceBesideNulls(t *testing.T) {
	const text = "kind: SparkApplication\nspec:\n  image: null\n  sparkConf:\n    spark.b: ~\n    spark.a: old\n"
	c, err := Read("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	change := Change{Image: "image", Add: []Setting{{"spark.c", "3"}}}
	for _, name := range []string{"spark.a", "spark.b"} {
		change.Replace = append(change.Replace, Replacement{c.Find(name)[0], "new"})
	}
	out, err := c.Apply(change)
	const want = "kind: SparkApplication\nspec:\n  image: \"image\"\n  sparkConf:\n    spark.b: \"new\"\n    spark.a: \"new\"\n    spark.c: \"3\"\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}
