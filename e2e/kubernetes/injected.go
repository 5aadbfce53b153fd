package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"rolechain/e2e/jobs"
)

// applyPolicy applies the policy as it is shipped, which concerns the namespaces with its label only.
func (s *site) applyPolicy(ctx context.Context) error {
	s.policy.Lock() // of two kubectl that create it at once one fails
	defer s.policy.Unlock()
	policy := filepath.Join(s.Root, "examples", "admission", "mutating-admission-policy.yaml")
	if out, err := s.Kubectl(ctx, "apply", "--filename", policy).CombinedOutput(); err != nil {
		return fmt.Errorf("applying the policy: %w: %s", err, out)
	}
	return nil
}

// inject has the policy of examples/admission put rolechain into the trial's pods.
func (t *trial) inject(ctx context.Context) error {
	if err := t.applyPolicy(ctx); err != nil {
		return err
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
	return jobs.Await(ctx, "the policy", func() error {
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
}
