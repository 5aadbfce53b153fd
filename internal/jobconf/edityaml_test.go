package jobconf

import (
	"strings"
	"testing"

	"rolechain/internal/exit"
)

// An edit leaves every other byte of a YAML file as it is, whatever the layout: comments, blank lines, indentation, quotes.
func TestEditYAML(t *testing.T) {
	add := Change{Add: []Setting{{"spark.new", "1"}, {"spark.more", "x y"}}}
	const block = "spark.new: \"1\"\nspark.more: \"x y\"\n"
	indented := func(by string) string {
		return by + strings.ReplaceAll(strings.TrimSuffix(block, "\n"), "\n", "\n"+by) + "\n"
	}
	for _, test := range []struct{ name, text, want string }{
		{
			"a list of classifications",
			"# ours\n\nname: x   # at night\n\njobDriver: {}\nconfigurationOverrides:\n    applicationConfiguration:\n        # core\n        -   classification: core-site\n            properties: {a: \"1\"}\n\n    # logs\n    monitoringConfiguration: {}\n",
			"# ours\n\nname: x   # at night\n\njobDriver: {}\nconfigurationOverrides:\n    applicationConfiguration:\n        # core\n        -   classification: core-site\n            properties: {a: \"1\"}\n        -   classification: \"spark-defaults\"\n            properties:\n" +
				indented("              ") + "\n    # logs\n    monitoringConfiguration: {}\n",
		},
		{
			"a list at the indentation of its key, at the end",
			"jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n  - classification: core-site",
			"jobDriver: {}\nconfigurationOverrides:\n  applicationConfiguration:\n  - classification: core-site\n  - classification: \"spark-defaults\"\n    properties:\n" + indented("      "),
		},
		{
			"an empty list",
			"jobDriver: {}\n\nconfigurationOverrides:\n  applicationConfiguration: [] # none\n  # logs\n  monitoringConfiguration: {}\n",
			"jobDriver: {}\n\nconfigurationOverrides:\n  applicationConfiguration: # none\n    - classification: \"spark-defaults\"\n      properties:\n" + indented("        ") + "  # logs\n  monitoringConfiguration: {}\n",
		},
		{
			"a list on one line",
			"jobDriver: {}\n\nconfigurationOverrides: {applicationConfiguration: [{classification: core-site}]} # one\n",
			"jobDriver: {}\n\nconfigurationOverrides: {applicationConfiguration: [{classification: core-site}, {classification: \"spark-defaults\", properties: {spark.new: \"1\", spark.more: \"x y\"}}]} # one\n",
		},
		{
			"an empty map",
			"# ours\n\nkind: SparkApplication\n\nspec:\n    # none yet\n    sparkConf: {}   # to be filled\n\n    driver:\n        cores: 1\n",
			"# ours\n\nkind: SparkApplication\n\nspec:\n    # none yet\n    sparkConf:   # to be filled\n" + indented("        ") + "\n    driver:\n        cores: 1\n",
		},
		{
			"an empty map at the end, without a line end",
			"kind: SparkApplication\nspec:\n  sparkConf: {}",
			"kind: SparkApplication\nspec:\n  sparkConf:\n" + indented("    "),
		},
		{
			"an empty map on the line of another",
			"kind: SparkApplication\n\nspec: {sparkConf: { }, mode: cluster}\n",
			"kind: SparkApplication\n\nspec: {sparkConf: {spark.new: \"1\", spark.more: \"x y\"}, mode: cluster}\n",
		},
		{
			"a map on one line",
			"kind: SparkApplication\n\nspec:\n    sparkConf: { spark.a: \"}#\", 'spark.b': 'it''s {', } # one\n",
			"kind: SparkApplication\n\nspec:\n    sparkConf: { spark.a: \"}#\", 'spark.b': 'it''s {', spark.new: \"1\", spark.more: \"x y\" } # one\n",
		},
		{
			"a map in braces on several lines",
			"kind: SparkApplication\nspec:\n  sparkConf: {\n    spark.a: \"1\", # one }\n    spark.b: \"2\" # two\n  }\n\n  mode: cluster\n",
			"kind: SparkApplication\nspec:\n  sparkConf: {\n    spark.a: \"1\", # one }\n    spark.b: \"2\" # two\n  , spark.new: \"1\", spark.more: \"x y\"}\n\n  mode: cluster\n",
		},
		{
			"a comment between braces",
			"kind: SparkApplication\n\nspec:\n  sparkConf: { # none yet\n  }\n",
			"kind: SparkApplication\n\nspec:\n  sparkConf: { # none yet\n  spark.new: \"1\", spark.more: \"x y\"}\n",
		},
		{
			"with line ends of Windows",
			"# ours\r\n\r\nkind: SparkApplication\r\nspec:\r\n  sparkConf: {}\r\n  mode: cluster\r\n",
			strings.ReplaceAll("# ours\n\nkind: SparkApplication\nspec:\n  sparkConf:\n"+indented("    ")+"  mode: cluster\n", "\n", "\r\n"),
		},
		{
			"a tag before it, which the library writes",
			"# ours\n\nkind: SparkApplication # k\nspec:\n  sparkConf: !!map {}\n# end\n",
			"# ours\n\nkind: SparkApplication # k\nspec:\n  sparkConf:\n" + indented("    ") + "# end\n",
		},
	} {
		c, err := Read("a.yaml", []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.Apply(add); err != nil || string(out) != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, out, test.want)
		}
	}
}

// A text over several lines is replaced, and nothing around it.
func TestReplaceLines(t *testing.T) {
	for _, test := range []struct{ before, after string }{
		{"    javaOptions: >-\n      -Xss2m\n\n      -Dx\n", "    javaOptions: \"new\"\n"},
		{"    javaOptions: | # a stack\n      -Xss2m\n      # -Dx\n    # behind it\n", "    javaOptions: \"new\" # a stack\n    # behind it\n"},
		{"    javaOptions: -Xss2m\n      -Dx\n\n    cores: 1\n", "    javaOptions: \"new\"\n\n    cores: 1\n"},
		{"    javaOptions:\n      -Xss2m\n      -Dx\n      # behind it\n", "    javaOptions:\n      \"new\"\n      # behind it\n"},
		{"    javaOptions: \"-Xss2m\n      -Dx\" # a stack\n", "    javaOptions: \"new\" # a stack\n"},
	} {
		const begin, end = "# ours\n\nkind: SparkApplication\nspec:\n  driver:\n", "\n  # executors\n  executor: {}\n"
		c, err := Read("a.yaml", []byte(begin+test.before+end))
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Apply(Change{Replace: []Replacement{{c.Find("spark.driver.extraJavaOptions")[0], "new"}}})
		if want := begin + test.after + end; err != nil || string(out) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, out, want)
		}
	}
}

// What has an alias in another place is not edited, because that place would change as well.
func TestEditAnchors(t *testing.T) {
	for text, change := range map[string]Change{
		"kind: SparkApplication\nspec:\n  sparkConf: &c {spark.a: \"1\"}\n  other: *c\n":                       {Add: []Setting{{"spark.b", "1"}}},
		"kind: SparkApplication\nspec: &s\n  sparkConf:\n    spark.a: \"1\"\n---\nx: &s {}\ny: *s\n":           {},
		"kind: SparkApplication\nspec:\n  sparkConf: {}\n  driver: &d\n    cores: 1\n  executor: *d\n":         {Add: []Setting{{"spark.b", "1"}}},
		"kind: SparkApplication\nspec:\n  driver: {javaOptions: &j -Da}\n  labels: {x: *j}\n":                  {Replace: []Replacement{{Value: "-Db"}}},
		"kind: SparkApplication\nspec:\n  driver: &d\n    javaOptions: -Da\n  executor:\n    <<: *d\n    x: 1": {Replace: []Replacement{{Value: "-Db"}}},
	} {
		c, err := Read("a.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for i := range change.Replace {
			change.Replace[i].Property = c.Find("spark.driver.extraJavaOptions")[0]
		}
		out, err := c.Apply(change)
		if refused := strings.Contains(text, "other") || len(change.Replace) > 0; refused != (exit.CodeOf(err) == exit.Conflict) || !refused && err != nil {
			t.Errorf("%s: %v\n%s", text, err, out)
		}
	}
}

// An image and properties are two additions, which can be at one place.
func TestAddImage(t *testing.T) {
	for _, test := range []struct{ file, text, want string }{
		{"a.yaml", "kind: SparkApplication\n\n# c\nspec:\n    mode: cluster\n\n    driver: {}\n", "kind: SparkApplication\n\n# c\nspec:\n    mode: cluster\n\n    driver: {}\n    image: \"i\"\n    sparkConf:\n      spark.new: \"1\"\n"},
		{"a.yaml", "kind: SparkApplication\n\nspec:\n  sparkConf:\n    spark.a: \"1\"\n", "kind: SparkApplication\n\nspec:\n  sparkConf:\n    spark.a: \"1\"\n    spark.new: \"1\"\n  image: \"i\"\n"},
		{"a.yaml", "kind: SparkApplication\n\nspec:\n  sparkConf: {}\n", "kind: SparkApplication\n\nspec:\n  sparkConf:\n    spark.new: \"1\"\n  image: \"i\"\n"},
		{"a.yaml", "kind: SparkApplication\n\nspec: {}\n", "kind: SparkApplication\n\nspec:\n  image: \"i\"\n  sparkConf:\n    spark.new: \"1\"\n"},
		{"a.json", `{"kind": "SparkApplication", "spec": {}}`, `{"kind": "SparkApplication", "spec": {"image": "i", "sparkConf": {"spark.new": "1"}}}`},
		{"a.json", `{"kind": "SparkApplication", "spec": {"sparkConf": {}}}`, `{"kind": "SparkApplication", "spec": {"sparkConf": {"spark.new": "1"}, "image": "i"}}`},
	} {
		c, err := Read(test.file, []byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.Apply(Change{Add: []Setting{{"spark.new", "1"}}, Image: "i"}); err != nil || string(out) != test.want {
			t.Errorf("%v\n%s\nwant\n%s", err, out, test.want)
		}
	}
}

// Where the library has to write the file, and would lose a comment, the job stays as it is.
func TestLostComment(t *testing.T) {
	for _, text := range []string{
		"kind: SparkApplication\nspec:\n  sparkConf: !!map { # none yet\n  }\n",
		"kind: SparkApplication\nspec:\n  sparkConf: !!map {} # a\n  # b\n\n  # c\n",
		"kind: SparkApplication\nspec:\n  sparkConf: !!map {}\n---\na: b\n# end\n...\n# behind it\n",
	} {
		c, err := Read("a.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.Apply(Change{Add: []Setting{{"spark.new", "1"}}}); exit.CodeOf(err) != exit.Conflict || !strings.Contains(err.Error(), "would lose the comment \"#") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
