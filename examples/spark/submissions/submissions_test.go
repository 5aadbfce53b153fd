// Package submissions has no code: its files are the output of `rolechain spark-conf`, and its tests keep them so.
//
//	go test ./examples/spark/submissions -update
//
// writes them anew.
package submissions

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/buildtest"
)

var update = flag.Bool("update", false, "write the files anew")

var (
	programs string // the directory of the programs as they are shipped
	written  string // the directory of every submission, as the program writes it
)

func TestMain(m *testing.M) {
	flag.Parse()
	buildtest.Main(m, func(dir string) error {
		programs, written = dir, filepath.Join(dir, "written")
		for _, e := range examples() {
			if err := e.write(written); err != nil {
				return err
			}
		}
		return nil
	})
}

// common is what all submissions of the examples have, and README.md shows.
var common = []string{
	"-job-role", "arn:aws:iam::111111111111:role/job-execution-role-1",
	"-client-role", "arn:aws:iam::222222222222:role/client-role-2",
	"-region", "us-west-2",
	"-job-bucket", "jobs-111111111111",
	"-image", "111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained",
}

// cases are those of ../README.md: the flags of each, in which deliveries and forms it is here, and the arguments of its
// program, in which SCHEME:// is that of the form's file system.
var cases = map[string]struct {
	flags, deliveries []string
	but               string // no submission in this form
	arguments         []string
}{
	"case-1": {
		flags:      []string{"-name", "only-boto3"},
		deliveries: []string{"profile", "file", "endpoint"},
		arguments:  []string{"--input", "SCHEME://data-222222222222/names/", "--queue", "names"},
	},
	"case-2": {
		flags:      []string{"-name", "spark-and-boto3", "-client-bucket", "data-222222222222"},
		deliveries: []string{"profile", "file", "endpoint"},
		arguments: []string{"--lookup", "SCHEME://jobs-111111111111/regions/", "--input", "SCHEME://data-222222222222/orders/",
			"--on", "region", "--queue", "orders"},
	},
	"case-3": {
		flags:      []string{"-name", "long-running", "-client-bucket", "data-222222222222"},
		deliveries: []string{"endpoint"},
		arguments:  []string{"--output", "SCHEME://data-222222222222/rounds/", "--rounds", "1000", "--rows", "1000000"},
	},
	"case-4": {
		flags: []string{"-name", "two-client-roles", "-profile", "second=arn:aws:iam::333333333333:role/client-role-3",
			"-client-bucket", "data-222222222222", "-client-bucket", "partner-333333333333=second"},
		deliveries: []string{"endpoint"},
		but:        "emr-6.15.0", // EMRFS knows one role besides its own
		arguments: []string{"--input", "SCHEME://data-222222222222/orders/", "--output", "SCHEME://partner-333333333333/orders/",
			"--profile", "second", "--rounds", "100"},
	},
	"case-5": {
		flags:      []string{"-name", "iceberg-append", "-iceberg-catalog", "client"},
		deliveries: []string{"endpoint"},
		but:        "emr-6.15.0", // whose AWS SDK v2 is too old
		arguments: []string{"--warehouse", "s3://data-222222222222/warehouse", "--catalog-file", "/tmp/catalog.db",
			"--table", "demo.events", "--appends", "1000", "--rows", "1000"},
	},
}

// logs are for the forms of EMR, without which the logs go with the pods.
var logs = []string{"-log-uri", "s3://jobs-111111111111/logs/", "-log-group", "/emr-on-eks/jobs"}

// ownIceberg brings Iceberg's jars: EMR's, or those of an image of one's own. Iceberg's AWS SDK has to be found before that
// of S3A, of which it may be an older version.
var ownIceberg = map[bool][]string{
	true:  {"-property", "spark.jars=local:///usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar,local:///opt/iceberg/sqlite-jdbc.jar"},
	false: {"-property", "spark.driver.extraClassPath=/opt/iceberg/*", "-property", "spark.executor.extraClassPath=/opt/iceberg/*"},
}

// kept are the submissions that are here, to be copied. The tests check all of them: each case in each delivery and form.
var kept = []string{
	"case-1/endpoint/emr-7.14.0",
	"case-1/profile/emr-7.14.0",
	"case-2/endpoint/emr-7.14.0",
	"case-2/endpoint/emr-7.14.0-pod-template",
	"case-2/endpoint/emr-spark-8.1.0",
	"case-2/endpoint/emr-6.15.0",
	"case-2/endpoint/spark-3.5",
	"case-2/endpoint/spark-4.0",
	"case-2/file/emr-7.14.0",
	"case-2/profile/emr-7.14.0",
	"case-3/endpoint/emr-7.14.0",
	"case-4/endpoint/emr-7.14.0",
	"case-5/endpoint/emr-7.14.0",
}

// forms are the submissions, of each case in each delivery, by the name of their directory.
var forms = map[string][]string{
	"emr-6.15.0":              {"-for", "emr", "-release", "emr-6.15.0"},
	"emr-7.14.0":              {"-for", "emr", "-release", "emr-7.14.0"},
	"emr-7.14.0-pod-template": {"-for", "pod-template", "-release", "emr-7.14.0"},
	"emr-spark-8.1.0":         {"-for", "emr", "-release", "emr-spark-8.1.0"},
	"spark-3.5":               {"-for", "spark-submit", "-release", "spark-3.5", "-master", "k8s://https://CLUSTER:443", "-namespace", "spark"},
	"spark-4.0":               {"-for", "operator", "-release", "spark-4.0", "-namespace", "spark"},
}

// An example is one submission.
type example struct{ dir, kase, delivery, form string }

func examples() (list []example) {
	for kase, c := range cases {
		for _, delivery := range c.deliveries {
			for form := range forms {
				if form != c.but {
					list = append(list, example{filepath.Join(kase, delivery, form), kase, delivery, form})
				}
			}
		}
	}
	return list
}

// arguments are those of spark-conf.
func (e example) arguments() []string {
	args := append([]string{"spark-conf", "-delivery", e.delivery}, common...)
	c := cases[e.kase]
	args = append(args, c.flags...)
	args = append(args, forms[e.form]...)
	emr, scheme := strings.HasPrefix(e.form, "emr-"), "s3a"
	if emr {
		scheme = "s3"
		args = append(args, "-virtual-cluster", "yourvirtualclusterid")
		args = append(args, logs...)
	}
	if slices.Contains(c.flags, "-iceberg-catalog") {
		args = append(args, ownIceberg[emr]...)
	}
	args = append(args, "-entry-point", scheme+"://jobs-111111111111/"+c.flags[1]+".py", "--")
	for _, a := range c.arguments {
		args = append(args, strings.Replace(a, "SCHEME://", scheme+"://", 1))
	}
	return args
}

// watch opens the directories of the programs' sources: the go command reuses the result of a test when the files that
// the test opened are the same, and does not see those that building the programs opens.
func watch() {
	for _, dir := range []string{"cmd", "internal", "tools/kubecheck"} {
		_ = filepath.WalkDir(filepath.Join("..", "..", "..", dir), func(_ string, _ os.DirEntry, err error) error { return err })
	}
}

// write has the program write the submission into its directory below dir.
func (e example) write(dir string) error {
	args := slices.Insert(e.arguments(), 1, "-out", filepath.Join(dir, e.dir)) // behind the subcommand
	cmd := exec.Command(filepath.Join(programs, "rolechain"), args...)
	cmd.Env = []string{}
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "is not given") || strings.Contains(string(out), "no -log-uri") {
		return fmt.Errorf("%s: %w\n%s", e.dir, err, out)
	}
	return nil
}

// The files are what the program writes, byte for byte, and there are no others.
func TestFiles(t *testing.T) {
	watch()
	if *update {
		for kase := range cases {
			if err := os.RemoveAll(kase); err != nil {
				t.Fatal(err)
			}
		}
		for _, dir := range kept {
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(written, dir))); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, got := map[string][]byte{}, read(t, ".")
	for name, data := range read(t, written) {
		if slices.Contains(kept, filepath.Dir(name)) {
			want[name] = data
		}
	}
	for name, data := range want {
		if there, ok := got[name]; !ok || !bytes.Equal(there, data) {
			t.Errorf("%s is not what spark-conf writes; -update writes it anew", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not written by spark-conf, or not kept", name)
		}
	}
	for _, dir := range kept {
		if !slices.ContainsFunc(examples(), func(e example) bool { return e.dir == dir }) {
			t.Errorf("there is no submission %s", dir)
		}
	}
}

// read returns every file below the cases' directories in dir.
func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for kase := range cases {
		err := filepath.WalkDir(filepath.Join(dir, kase), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			files[name], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// The programs' README has the same flags and arguments, and there is a program for each case.
func TestProgramsREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for kase, c := range cases {
		program := c.flags[1] + ".py"
		if _, err := os.Stat(filepath.Join("..", program)); err != nil {
			t.Error(err)
		}
		arguments := strings.ReplaceAll(strings.Join(c.arguments, " "), "SCHEME://", "s3://")
		for _, want := range []string{"`" + program + "` | `" + arguments + "`", "| " + strings.TrimPrefix(kase, "case-") + " | `" + strings.Join(c.flags, " ") + "`"} {
			if !strings.Contains(string(readme), want) {
				t.Errorf("../README.md lacks %q", want)
			}
		}
	}
}

// README.md has the flags that the files were written with.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// As lines of a shell script, flag and value together.
	line := func(args []string) {
		for i := 0; i+1 < len(args); i += 2 {
			if words := args[i] + " " + args[i+1]; !strings.Contains(string(readme), words) {
				t.Errorf("README.md lacks %q", words)
			}
		}
	}
	line(common)
	line(logs)
	for kase, c := range cases {
		line(c.flags)
		if !strings.Contains(string(readme), "`"+kase+"`") {
			t.Errorf("README.md lacks `%s`", kase)
		}
	}
	for _, args := range ownIceberg {
		line(args)
	}
	for dir, args := range forms {
		line(args)
		if !strings.Contains(string(readme), "`"+dir+"`") {
			t.Errorf("README.md lacks `%s`", dir)
		}
	}
}
