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
