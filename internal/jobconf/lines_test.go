package jobconf

import (
	"slices"
	"strings"
	"testing"

	"rolechain/internal/exit"
)

// A file of properties is read as Java and Spark read it, and what Spark ignores is said.
func TestReadLines(t *testing.T) {
	for _, test := range []struct {
		file, text   string
		want, unread []string
	}{
		{"a.conf", "\ufeffspark.a 1\nspark.b 2\n", []string{"spark.b=2"}, []string{`"` + "\ufeff" + `spark.a", which Spark ignores`}},
		{"a.conf", "[spark]\nspark.a=1\nAWS_PROFILE=dev\nSPARK.b=2\n", []string{"spark.a=1"}, []string{`line 1): "[spark]", "AWS_PROFILE", "SPARK.b", which Spark ignores`}},
		{"a.conf", "spark.a 1\rspark.b 2\\\r  3\r# c\\\rspark.c 4", []string{"spark.a=1", "spark.b=23", "spark.c=4"}, nil},
		{"a.conf", "spark.a 1\r\n\r\nspark.b 2\\\r\n\t3\r\n", []string{"spark.a=1", "spark.b=23"}, nil},
		{"a.conf", "spark.a 1 \\\\\nspark.b 2\\", []string{`spark.a=1 \`, "spark.b=2"}, nil},
		{"a.conf", "spark.a \\\n\nspark.b 2\n", []string{"spark.a=", "spark.b=2"}, nil},
		{"defaults", "spark.app.name spark-submit --conf\nspark.b 2\n", []string{"spark.app.name=spark-submit --conf", "spark.b=2"}, nil},
		{"a.sh", "spark-submit --conf AWS_PROFILE=dev --conf spark.a=1 x.py", []string{"spark.a=1", "entryPoint=x.py"}, []string{`line 1): --conf "AWS_PROFILE", which Spark ignores`}},
		{"a.sh", "#!/bin/sh\ncd \"$(dirname \"$0\")\" && echo $HOME\nARGS=\"$(cat x)\"\nspark-submit --conf spark.a=1 $ARGS x.py", []string{"spark.a=1", "entryPoint=x.py"}, []string{"line 4): $ARGS may hold"}},
		{"a.sh", "#!/bin/sh\ncat <<EOF | kubectl apply -f -\napiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nspec:\n  sparkConf:\n    \"spark.b\": \"2\"\nEOF\n", nil, []string{"line 7): a file within the script"}},
		{"a.sh", "aws emr-containers start-job-run --configuration-overrides '{\"applicationConfiguration\": [{\"classification\": \"spark-defaults\", \"properties\": {\n  \"spark.a\": \"1\"\n}}]}'", []string{"spark.a=1"}, nil},
		{"a.sh", "aws emr-containers start-job-run --job-driver sparkSubmitJobDriver={sparkSubmitParameters='--conf spark.a=SECRET'} --configuration-overrides file://x.json", nil, []string{"): --job-driver is no JSON", "): --configuration-overrides file://x.json"}},
		{"a.sh", "#!/bin/sh\nARGS=( --conf\n  spark.a=1 )\nspark-submit \\\n  --conf \\\n  spark.b=2 \\\n  x.py", []string{"spark.a=1", "spark.b=2", "entryPoint=x.py"}, nil},
	} {
		c, err := Read(test.file, []byte(test.text))
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		var got []string
		for _, p := range c.Properties {
			got = append(got, p.Name+"="+p.Value)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %q\nwant %q", test.text, got, test.want)
		}
		if !slices.EqualFunc(c.Unread, test.unread, func(u Unread, part string) bool { return strings.Contains(u.Where+": "+u.Text, part) }) {
			t.Errorf("%q: not understood %v\nwant %q", test.text, c.Unread, test.unread)
		}
	}
}

// Nothing is added behind a backslash that would make it part of the last property.
func TestApplyBehindBackslash(t *testing.T) {
	for text, refused := range map[string]bool{
		"spark.a 1\nspark.b 2\\":       true,
		"spark.a 1\nspark.b 2\\\n":     true,
		"spark.a 1\nspark.b 2\\\r\n":   true,
		"spark.a 1\nspark.b 2\\\\":     false,
		"spark.a 1\n# spark.b 2\\":     false,
		"spark.a 1\nspark.b 2\\\n 3":   false,
		"spark.a 1\nspark.b 2\\\n 3\n": false,
	} {
		c, err := Read("a.conf", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Apply(Change{Add: []Setting{{"spark.new", "1"}}})
		if refused != (exit.CodeOf(err) == exit.Conflict) || !refused && err != nil {
			t.Errorf("%q: %v\n%s", text, err, out)
		}
		if refused && !strings.Contains(err.Error(), "line 2): spark.b ends in a backslash") {
			t.Errorf("%q: %v", text, err)
		}
		if same, err := c.Apply(Change{}); err != nil || string(same) != text {
			t.Errorf("%q: no change gives %q, %v", text, same, err)
		}
	}
}
