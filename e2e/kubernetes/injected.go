package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"rolechain/e2e/jobs"
)

// injected is a job whose image has nothing of rolechain's: the policy of examples/admission, as it is shipped, puts it into
// the pods.
func injected(ctx context.Context, t *trial) error {
	policy := filepath.Join(t.World.Root, "examples", "admission", "mutating-admission-policy.yaml")
	if out, err := t.Kubectl(ctx, "apply", "--filename", policy).CombinedOutput(); err != nil {
		return fmt.Errorf("applying the policy: %w: %s", err, out)
	}
	if out, err := t.Kubectl(ctx, "label", "namespace", t.name, "rolechain-injection=enabled").CombinedOutput(); err != nil {
		return fmt.Errorf("labeling the namespace: %w: %s", err, out)
	}
	roles := `roles: {client: {arn: "` + jobs.ClientARN + `"}}
grants: [{namespaces: ` + t.name + `, roles: client, default: client}]
`
	in := "/api/v1/namespaces/" + t.name
	if err := t.Client.Do(ctx, http.MethodPost, in+"/configmaps", object{"metadata": object{"name": "rolechain-role-map"}, "data": object{"role-map.yaml": roles}}, nil); err != nil {
		return err
	}
	// The API server takes a moment to know a policy.
	try := emrPod(true)
	try["metadata"] = object{"name": "try", "labels": object{"spark-role": "driver"}}
	containers := spec(try)["containers"].([]object)
	containers[1]["image"] = plainImage
	err := jobs.Await(ctx, "the policy", func() error {
		var made struct {
			Spec struct {
				Containers []struct {
					Name    string
					Command []string
					Env     []struct{ Name string }
				}
			}
		}
		if err := t.Client.Do(ctx, http.MethodPost, in+"/pods?dryRun=All", try, &made); err != nil {
			return err
		}
		for _, c := range made.Spec.Containers {
			if c.Name == driverContainer && slices.Equal(c.Command, []string{"/opt/rolechain/entrypoint"}) {
				return nil
			}
		}
		return fmt.Errorf("the pod is %+v", made)
	})
	if err != nil {
		return err
	}
	const jar = "/opt/rolechain/" + jobs.JarName // not among Spark's own here
	if err := t.submit(ctx, submission{image: plainImage, more: []string{"-property", "spark.driver.extraClassPath=" + jar, "-property", "spark.executor.extraClassPath=" + jar}}); err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	if out, err := t.Kubectl(ctx, "delete", "--filename", policy).CombinedOutput(); err != nil {
		return fmt.Errorf("deleting the policy: %w: %s", err, out)
	}
	return nil
}
