package docs

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

// Each command of the AWS CLI in a page is an operation that botocore's model has, with flags that it has, and with all that
// it requires.
func TestAWSCommands(t *testing.T) {
	python := sdktest.Python(t)
	check := func(commands [][]string) []string {
		t.Helper()
		given, err := json.Marshal(commands)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python, "-I", "testdata/awscli.py")
		cmd.Stdin = strings.NewReader(string(given))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("awscli.py: %v", err)
		}
		var problems []string
		if err := json.Unmarshal(out, &problems); err != nil || len(problems) != len(commands) {
			t.Fatalf("awscli.py: %v\n%s", err, out)
		}
		return problems
	}
	var commands [][]string
	var where []string
	take := func(name, line string, mention bool) {
		for _, words := range calls(line, "aws") {
			if len(words) < 2 { // the name of a service or of the CLI alone is none
				continue
			}
			if mention && !strings.Contains(line, " --") {
				words = append(words, "--generate-cli-skeleton") // with which the CLI asks for nothing else
			}
			commands = append(commands, words)
			where = append(where, fmt.Sprintf("%s: %s", name, line))
		}
	}
	for name, p := range pages(t) {
		for _, line := range p.blockLines() {
			take(name, line, false)
		}
		for _, line := range p.spans {
			take(name, line, true)
		}
	}
	if len(commands) < 15 {
		t.Errorf("only %d commands were found", len(commands))
	}
	for i, problem := range check(commands) {
		if problem != "" {
			t.Errorf("%s\n\t%s", where[i], problem)
		}
	}

	// What is wrong is found.
	for _, test := range []struct{ line, want string }{
		{"aws iam create-rolle --role-name x", "no operation create-rolle"},
		{"aws iamm create-role", "no service iamm"},
		{"aws iam create-role --role-name x --assume-role-policy file://x", "no flag --assume-role-policy"},
		{"aws iam create-role --role-name x", "needs --assume-role-policy-document"},
		{"aws eks describe-cluster --query cluster.identity", "needs --name"},
		{"aws emr-containers start-job-run --cli-input-json file://x --regionn y", "no flag --regionn"},
		{"aws ecr get-login-password --username x", "no flag --username"},
		{"x=$(aws sts get-caller-identity --queri Arn)", "no flag --queri"},
		{"aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventNam,AttributeValue=x", "EventNam is none of"},
	} {
		found := calls(test.line, "aws")
		if len(found) != 1 {
			t.Errorf("%s: %d commands", test.line, len(found))
		} else if got := check(found)[0]; !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.line, got, test.want)
		}
	}
}
