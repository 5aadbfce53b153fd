package submission

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestReadConf(t *testing.T) {
	want := []Property{{"spark.a", "1"}, {"spark.driver.extraJavaOptions", "-Dx=y -Dz='q r'"}, {"spark.executorEnv.X", ""}, {"spark.hadoop.fs.s3a.access.key", "k=v"}}
	for name, text := range map[string]string{
		"properties": "# spark.no 1\nspark.a 1\nspark.driver.extraJavaOptions   -Dx=y -Dz='q r' \nspark.executorEnv.X=\nspark.hadoop.fs.s3a.access.key = k=v\nother x\n",
		"script": `#!/bin/sh
spark-submit --name 'a --conf b' --conf spark.a=1 \
  --conf "spark.driver.extraJavaOptions=-Dx=y -Dz='q r'" -c spark.executorEnv.X= --conf=spark.hadoop.fs.s3a.access.key=k=v job.py`,
		"SparkApplication": "kind: SparkApplication\nspec:\n  sparkConf:\n    spark.a: \"1\"\n    'spark.driver.extraJavaOptions': \"-Dx=y -Dz='q r'\"\n    \"spark.executorEnv.X\": \"\"\n    spark.hadoop.fs.s3a.access.key: k=v\n",
		"hadoopConf":       "kind: SparkApplication\nspec:\n  sparkConf:\n    spark.a: \"1\"\n    spark.driver.extraJavaOptions: \"-Dx=y -Dz='q r'\"\n    spark.executorEnv.X: \"\"\n  hadoopConf:\n    fs.s3a.access.key: \"k=v\"\n",
		"properties alone": `{"spark.a": "1", "spark.driver.extraJavaOptions": "-Dx=y -Dz='q r'", "spark.executorEnv.X": "", "spark.hadoop.fs.s3a.access.key": "k=v"}`,
		"classifications":  `[{"Classification": "spark-defaults", "Properties": {"spark.a": "1", "spark.driver.extraJavaOptions": "-Dx=y -Dz='q r'", "spark.executorEnv.X": ""}}, {"Classification": "core-site", "Properties": {"fs.s3a.access.key": "k=v"}}]`,
		"start-job-run": `{"jobDriver": {"sparkSubmitJobDriver": {"sparkSubmitParameters": "--conf spark.a=1 --conf spark.executorEnv.X= "}},
			"configurationOverrides": {"applicationConfiguration": [{"classification": "spark-defaults", "properties": {"spark.driver.extraJavaOptions": "-Dx=y -Dz='q r'", "spark.hadoop.fs.s3a.access.key": "k=v"}}]}}`,
	} {
		got, err := ReadConf([]byte(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, bad := range []string{"{", "job.py", "apiVersion: v1"} {
		if got, err := ReadConf([]byte(bad)); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
	if got, err := ReadConf(nil); len(got) > 0 || err != nil {
		t.Errorf("nothing: %q, %v", got, err)
	}
}

// What has been written can be given back: there is nothing to say of it, and it changes nothing.
func TestOwnFiles(t *testing.T) {
	for _, form := range Forms() {
		for _, release := range []string{"emr-6.15.0", "emr-7.10.0", "spark-3.5", "spark-4.0"} {
			for _, delivery := range []string{"profile", "file", "endpoint"} {
				if form == EMR && !strings.HasPrefix(release, "emr-") {
					continue
				}
				r := request(func(r *Request) {
					r.Form, r.Release, r.Delivery, r.Image = form, release, delivery, "image"
					r.Set = []string{"ROLE_CHAIN_SESSION_NAME={namespace}.{pod}"}
				})
				first, err := Make(r)
				if err != nil {
					t.Fatal(err)
				}
				files := first.Files()
				last := files[len(files)-1].Data // has the properties, in every form
				r.Conf, err = ReadConf(last)
				if err != nil || len(r.Conf) < 2 {
					t.Fatalf("%s: %v\n%s", form, err, last)
				}
				second, err := Make(r)
				if err != nil {
					t.Fatal(err)
				}
				again := second.Files()
				if notes := second.Defeats(); len(notes) > 0 || !bytes.Equal(again[len(again)-1].Data, last) {
					t.Errorf("%s, %s, %s: %v\n%s", form, release, delivery, notes, again[len(again)-1].Data)
				}
			}
		}
	}
}
