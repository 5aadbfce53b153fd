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
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files anew")

var programs string // the directory of the programs as they are shipped

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "submissions-test-")
	code := 1
	if err == nil {
		programs = dir
		err = build(dir)
	}
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir, "rolechain/cmd/entrypoint", "rolechain/cmd/rolechain")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}

// common is what all submissions of the examples have, and README.md shows.
var common = []string{
	"-job-role", "arn:aws:iam::111111111111:role/job-execution-role-1",
	"-client-role", "arn:aws:iam::222222222222:role/client-role-2",
	"-region", "us-west-2",
	"-job-bucket", "jobs-111111111111",
	"-image", "111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained",
}

// The two cases of AWS's role chaining guide.
var cases = map[string][]string{
	"case-1": {"-name", "only-boto3"},
	"case-2": {"-name", "spark-and-boto3", "-client-bucket", "data-222222222222"},
}

var deliveries = []string{"profile", "file", "endpoint"}

// forms are the submissions of each case in each delivery, by the name of their directory.
var forms = map[string][]string{
	"emr-6.15.0":              {"-for", "emr", "-release", "emr-6.15.0"},
	"emr-7.10.0":              {"-for", "emr", "-release", "emr-7.10.0"},
	"emr-7.10.0-pod-template": {"-for", "pod-template", "-release", "emr-7.10.0"},
	"spark-3.5":               {"-for", "spark-submit", "-release", "spark-3.5", "-master", "k8s://https://CLUSTER:443", "-namespace", "spark"},
	"spark-4.0":               {"-for", "operator", "-release", "spark-4.0", "-namespace", "spark"},
}

// An example is one submission.
type example struct{ dir, kase, delivery, form string }

func examples() (list []example) {
	for kase := range cases {
		for _, delivery := range deliveries {
			for form := range forms {
				list = append(list, example{filepath.Join(kase, delivery, form), kase, delivery, form})
			}
		}
	}
	return list
}

// arguments are those of spark-conf.
func (e example) arguments() []string {
	args := append([]string{"spark-conf", "-delivery", e.delivery}, common...)
	args = append(args, cases[e.kase]...)
	args = append(args, forms[e.form]...)
	job := map[string]string{"case-1": "only-boto3.py", "case-2": "spark-and-boto3.py"}[e.kase]
	scheme := "s3a"
	if strings.HasPrefix(e.form, "emr-") {
		scheme = "s3"
		args = append(args, "-virtual-cluster", "yourvirtualclusterid")
	}
	return append(args, "-entry-point", scheme+"://jobs-111111111111/"+job)
}

// watch opens the directories of the programs' sources: the go command reuses the result of a test when the files that
// the test opened are the same, and does not see those that building the programs opens.
func watch() {
	for _, dir := range []string{"cmd", "internal", "tools/kubecheck"} {
		_ = filepath.WalkDir(filepath.Join("..", "..", "..", dir), func(_ string, _ os.DirEntry, err error) error { return err })
	}
}

// The files are what the program writes, byte for byte, and there are no others.
func TestFiles(t *testing.T) {
	watch()
	fresh := t.TempDir()
	if *update {
		fresh = "."
		for kase := range cases {
			if err := os.RemoveAll(kase); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, e := range examples() {
		cmd := exec.Command(filepath.Join(programs, "rolechain"), append(e.arguments(), "-out", filepath.Join(fresh, e.dir))...)
		cmd.Env = []string{}
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "is not given") {
			t.Fatalf("%s: %v\n%s", e.dir, err, out)
		}
	}
	if *update {
		return
	}
	want, got := read(t, fresh), read(t, ".")
	for name, data := range want {
		if there, ok := got[name]; !ok || !bytes.Equal(there, data) {
			t.Errorf("%s is not what spark-conf writes; -update writes it anew", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not written by spark-conf", name)
		}
	}
}

// read is every file below the cases' directories in dir.
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
	for _, args := range cases {
		line(args)
	}
	for dir, args := range forms {
		line(args)
		if !strings.Contains(string(readme), "`"+dir+"`") {
			t.Errorf("README.md lacks `%s`", dir)
		}
	}
}
