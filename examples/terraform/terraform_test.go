// Package terraform has no code: its tests compare the module with examples/iam, and give its output to rolechain spark-conf.
package terraform

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rolechain/internal/buildtest"
)

var programs string

func TestMain(m *testing.M) {
	buildtest.Main(m, func(dir string) error {
		programs = dir
		cmd := exec.Command("go", "build", "-C", filepath.Join("..", "..", "tools"), "-o", filepath.Join(dir, "hclcheck"), "./hclcheck")
		cmd.Stderr = os.Stderr
		return cmd.Run()
	})
}

const (
	jobRole    = "arn:aws:iam::111111111111:role/job-execution-role-1"
	clientRole = "arn:aws:iam::222222222222:role/client-role-2"
	issuer     = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"
)

// What a provider would have known.
const known = `
"data": {
	"aws_caller_identity": {"job": {"account_id": "111111111111"}, "client": {"account_id": "222222222222"}},
	"aws_region": {"current": {"id": "us-west-2"}},
	"aws_eks_cluster": {"this": {"identity": [{"oidc": [{"issuer": "https://` + issuer + `"}]}]}}
},
"aws_iam_role": {"job": {"id": "job-execution-role-1", "arn": "` + jobRole + `"}, "client": {"id": "client-role-2", "arn": "` + clientRole + `"}}`

type object = map[string]any

// evaluate returns the attributes of each resource and output of the module in dir.
func evaluate(t *testing.T, dir string, variables object) (map[string]object, string) {
	t.Helper()
	all := object{"cluster": "spark", "namespace": "emr", "service_accounts": []string{"spark"}, "job_bucket": "jobs-111111111111", "client_bucket": "data-222222222222"}
	maps.Copy(all, variables)
	set, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(programs, "hclcheck"), dir)
	cmd.Stdin = strings.NewReader(`{"var": ` + string(set) + `,` + known + `}`)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, stderr.String()
	}
	var found map[string]object
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found, ""
}

// policy reads a file of examples/iam with the values in place of the words, without the statements that are left out.
func policy(t *testing.T, name string, without ...string) object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "iam", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("JOB_ACCOUNT", "111111111111", "CLIENT_ACCOUNT", "222222222222", "JOB_ROLE", "job-execution-role-1", "CLIENT_ROLE", "client-role-2",
		"JOB_BUCKET", "jobs-111111111111", "CLIENT_BUCKET", "data-222222222222", "LOG_BUCKET", "logs-111111111111", "LOG_GROUP", "/emr/jobs", "QUEUE", "names",
		"KEY_ID", "key-1", "REGION", "us-west-2", "NAMESPACE", "emr", "SERVICE_ACCOUNT", "spark", "OIDC_PROVIDER", issuer).Replace(string(text))
	var p object
	if err := json.Unmarshal([]byte(filled), &p); err != nil {
		t.Fatal(err)
	}
	var kept []any
	for _, s := range p["Statement"].([]any) {
		if !strings.Contains(" "+strings.Join(without, " ")+" ", " "+s.(object)["Sid"].(string)+" ") {
			kept = append(kept, s)
		}
	}
	p["Statement"] = kept
	return p
}

// The policies are those of examples/iam, for both first hops, with and without what may be left out.
func TestPolicies(t *testing.T) {
	everything := object{"log_bucket": "logs-111111111111", "log_group": "/emr/jobs", "queue": "names", "kms_key_id": "key-1"}
	for _, test := range []struct {
		name      string
		variables object
		want      map[string]object // resource.attribute
	}{
		{"irsa", nil, map[string]object{
			"resource.aws_iam_role.job assume_role_policy":    policy(t, "job-role-trust-irsa"),
			"resource.aws_iam_role.client assume_role_policy": policy(t, "client-role-trust"),
			"resource.aws_iam_role_policy.job policy":         policy(t, "job-role-permissions", "WriteEMRsLogs", "WriteEMRsLogsToS3", "FindEMRsLogGroup"),
			"resource.aws_iam_role_policy.client policy":      policy(t, "client-role-permissions", "UseTheBucketsKey", "SendToTheQueue"),
		}},
		{"everything", everything, map[string]object{
			"resource.aws_iam_role_policy.job policy":    policy(t, "job-role-permissions"),
			"resource.aws_iam_role_policy.client policy": policy(t, "client-role-permissions"),
		}},
		{"pod identity", object{"first_hop": "pod-identity"}, map[string]object{
			"resource.aws_iam_role.job assume_role_policy":    policy(t, "job-role-trust-pod-identity"),
			"resource.aws_iam_role.client assume_role_policy": policy(t, "client-role-trust-pod-identity"),
			"resource.aws_iam_role_policy.job_tags policy":    policy(t, "job-role-permissions-tags"),
		}},
	} {
		found, problem := evaluate(t, ".", test.variables)
		if problem != "" {
			t.Fatalf("%s: %s", test.name, problem)
		}
		for name, want := range test.want {
			resource, attribute, _ := strings.Cut(name, " ")
			text, _ := found[resource][attribute].(string)
			// One account in a list is the same as one without.
			text = regexp.MustCompile(`:\["((?:system:serviceaccount:emr:)?spark)"\]`).ReplaceAllString(text, `:"$1"`)
			var got object
			if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is\n%s\nwant\n%v", test.name, name, text, want)
			}
		}
	}
}

// What is created depends on the first hop.
func TestResources(t *testing.T) {
	for _, test := range []struct {
		variables                object
		provider, tags, accounts float64
	}{
		{nil, 0, 0, 0},
		{object{"create_oidc_provider": true}, 1, 0, 0},
		{object{"first_hop": "pod-identity", "service_accounts": []string{"spark", "notebooks"}}, 0, 1, 2},
	} {
		found, problem := evaluate(t, ".", test.variables)
		if problem != "" {
			t.Fatal(problem)
		}
		provider := found["resource.aws_iam_openid_connect_provider.cluster"]
		association := found["resource.aws_eks_pod_identity_association.job"]
		if provider["count"] != test.provider || found["resource.aws_iam_role_policy.job_tags"]["count"] != test.tags || float64(len(association["for_each"].([]any))) != test.accounts {
			t.Errorf("%v: %v", test.variables, found)
		}
		if provider["url"] != "https://"+issuer || !reflect.DeepEqual(provider["client_id_list"], []any{"sts.amazonaws.com"}) || association["role_arn"] != jobRole || association["namespace"] != "emr" {
			t.Errorf("provider %v, association %v", provider, association)
		}
	}
	_, problem := evaluate(t, ".", object{"bucket": "x"})
	if !strings.Contains(problem, "there is no variable bucket") {
		t.Errorf("an unknown variable: %s", problem)
	}
}

// The output goes straight into spark-conf.
func TestSparkConf(t *testing.T) {
	for _, variables := range []object{nil, {"first_hop": "pod-identity", "log_bucket": "logs-111111111111", "log_group": "/emr/jobs"}} {
		found, problem := evaluate(t, ".", variables)
		if problem != "" {
			t.Fatal(problem)
		}
		words := strings.Fields(found["output.spark_conf"]["value"].(string))
		out, err := exec.Command(filepath.Join(programs, "rolechain"), append([]string{"spark-conf", "-for", "emr", "-release", "emr-7.14.0", "-delivery", "endpoint"}, words...)...).Output()
		if err != nil || !strings.Contains(string(out), clientRole) {
			t.Errorf("%v: %v\n%s", words, err, out)
		}
	}
}

// What is wrong in a module is found and named.
func TestBroken(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{`"${path.module}/../iam/${file}.json"`, `"${path.module}/../iam/${file}.jsn"`, "no such file"},
		{"local.job_trust", "local.job_trusts", "job_trusts"},
		{`resource "aws_iam_role" "job" {`, `resource "aws_iam_role" "job" `, "block"},
	} {
		dir := filepath.Join(t.TempDir(), "terraform")
		if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(filepath.Dir(dir), "iam"), os.DirFS("../iam")); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "main.tf"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "main.tf"), bytes.Replace(text, []byte(test.old), []byte(test.new), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := evaluate(t, dir, nil); !strings.Contains(problem, test.want) {
			t.Errorf("%s: %q", test.new, problem)
		}
	}
}
