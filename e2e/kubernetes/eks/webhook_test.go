package eks

import (
	"encoding/json"
	"strings"
	"testing"
)

func podOf(t *testing.T, text string) object {
	t.Helper()
	var pod object
	if err := json.Unmarshal([]byte(text), &pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

// Every container gets what it lacks, but for those that the pod's annotation names; what is there stays.
func TestMutate(t *testing.T) {
	e := &EKS{Region: "us-east-1"}
	pod := podOf(t, `{"metadata": {"annotations": {"eks.amazonaws.com/skip-containers": "second, other"}}, "spec": {
		"initContainers": [{"name": "init"}],
		"containers": [{"name": "first", "env": [{"name": "AWS_REGION", "value": "eu-west-1"}]}, {"name": "second"}],
		"volumes": [{"name": "home"}]}}`)
	d := e.irsa(map[string]string{roleAnnotation: "arn:aws:iam::111111111111:role/r", expirationAnnotation: "60"})
	patch, err := json.Marshal(d.mutate(pod))
	if err != nil {
		t.Fatal(err)
	}
	var ops []struct {
		Op, Path string
		Value    []struct {
			Name         string
			Env          []struct{ Name, Value string }
			VolumeMounts []struct{ Name, MountPath string }
			Projected    struct {
				Sources []struct {
					ServiceAccountToken struct {
						Audience          string
						ExpirationSeconds int
					}
				}
			}
		}
	}
	if err := json.Unmarshal(patch, &ops); err != nil || len(ops) != 3 {
		t.Fatalf("%v: %s", err, patch)
	}
	containers, inits, volumes := ops[0].Value, ops[1].Value, ops[2].Value
	first := containers[0]
	if len(first.Env) != 5 || first.Env[0].Value != "eu-west-1" || len(first.VolumeMounts) != 1 || first.VolumeMounts[0].MountPath != "/var/run/secrets/eks.amazonaws.com/serviceaccount" {
		t.Errorf("first: %+v", first)
	}
	if second := containers[1]; len(second.Env)+len(second.VolumeMounts) > 0 {
		t.Errorf("second, which is skipped: %+v", second)
	}
	if len(inits[0].Env) != 5 {
		t.Errorf("the init container: %+v", inits[0])
	}
	if len(volumes) != 2 || volumes[0].Name != "aws-iam-token" {
		t.Fatalf("volumes: %+v", volumes)
	}
	// Ten minutes are the least that Kubernetes gives.
	if token := volumes[0].Projected.Sources[0].ServiceAccountToken; token.Audience != "sts.amazonaws.com" || token.ExpirationSeconds != 600 {
		t.Errorf("%+v", token)
	}
	// A second time changes nothing more.
	again, _ := json.Marshal(d.mutate(pod))
	if strings.Count(string(again), "AWS_ROLE_ARN") != strings.Count(string(patch), "AWS_ROLE_ARN") {
		t.Errorf("a second time: %s", again)
	}
}

func TestNoAnnotation(t *testing.T) {
	if d := (&EKS{}).irsa(map[string]string{"other": "x"}); d != nil {
		t.Errorf("%+v", d)
	}
}
