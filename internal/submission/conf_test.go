package submission

import (
	"slices"
	"testing"
)

func TestReadConf(t *testing.T) {
	want := []Property{{"spark.a", "1"}, {"spark.driver.extraJavaOptions", "-Dx=y -Dz='q r'"}, {"spark.executorEnv.X", ""}, {"spark.hadoop.fs.s3a.access.key", "k=v"}}
	for name, text := range map[string]string{
		"properties": "# spark.no 1\nspark.a 1\nspark.driver.extraJavaOptions   -Dx=y -Dz='q r' \nspark.executorEnv.X=\nspark.hadoop.fs.s3a.access.key = k=v\nother x\n",
		"script": `#!/bin/sh
spark-submit --name 'a --conf b' --conf spark.a=1 \
  --conf "spark.driver.extraJavaOptions=-Dx=y -Dz='q r'" -c spark.executorEnv.X= --conf=spark.hadoop.fs.s3a.access.key=k=v job.py`,
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

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"":                     nil,
		" a  b\tc\n":           {"a", "b", "c"},
		`a'b c'd "e 'f'" g\ h`: {"ab cd", "e 'f'", "g h"},
		"a \\\n b":             {"a", "b"},
		`'' ""`:                {"", ""},
		`'a\b'`:                {`a\b`},
	} {
		if got := split(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
