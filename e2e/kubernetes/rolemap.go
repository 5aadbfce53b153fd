package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/ststest"
)

// otherNamespace has a service account of the same name, to which the map gives another role.
const otherNamespace = "role-map-other"

// theMap is an administrator's, in a ConfigMap of each namespace.
const theMap = `roles:
  client: {arn: "` + jobs.ClientARN + `", session_name: "{namespace}.{service_account}"}
  second: {arn: "` + jobs.SecondARN + `"}
grants:
- {namespaces: role-map, service_accounts: spark, roles: client, default: client}
- {namespaces: role-map-other, service_accounts: spark, roles: second, default: second}
`

func trustOther(c *ststest.Config) {
	for i := range c.Roles {
		if w := c.Roles[i].WebIdentity; w != nil {
			w.StringEquals["sub"] = append(w.StringEquals["sub"], "system:serviceaccount:"+otherNamespace+":"+account)
		}
	}
}

// mapped is a pod that has the map, and no role but those of more.
func mapped(name, program string, more ...object) object {
	pod := smallPod(name, python(program, name), append(more, object{"name": "ROLE_CHAIN_ROLE_MAP", "value": "/etc/rolechain/map.yaml"})...)
	main := main0(pod)
	main["env"] = slices.DeleteFunc(main["env"].([]object), func(v object) bool { return v["name"] == "CLIENT_ROLE_ARN" && len(more) == 0 })
	main["volumeMounts"] = append(slices.Clone(main["volumeMounts"].([]object)), object{"name": "map", "mountPath": "/etc/rolechain"})
	spec(pod)["volumes"] = append(spec(pod)["volumes"].([]object), object{"name": "map", "configMap": object{"name": "map"}})
	return pod
}

// roleMap has two service accounts that get a role each without naming it, and one of them name the other's.
func roleMap(ctx context.Context, t *trial) error {
	if err := t.makeNamespace(ctx, otherNamespace, nil); err != nil {
		return err
	}
	t.also = []string{otherNamespace}
	other := *t
	other.name, other.surprises = otherNamespace, nil
	for _, in := range []string{t.name, otherNamespace} {
		if err := t.Client.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+in+"/configmaps", object{"metadata": object{"name": "map"}, "data": object{"map.yaml": theMap}}, nil); err != nil {
			return err
		}
	}
	if err := t.create(ctx, mapped("one", puts)); err != nil {
		return err
	}
	if err := other.create(ctx, mapped("two", strings.ReplaceAll(puts, jobs.ClientBucket, jobs.SecondBucket))); err != nil {
		return err
	}
	refused := mapped("three", puts, object{"name": "CLIENT_ROLE_ARN", "value": jobs.SecondARN})
	main := main0(refused)
	main["env"] = slices.DeleteFunc(main["env"].([]object), func(v object) bool { return v["name"] == "CLIENT_ROLE_ARN" && v["value"] == jobs.ClientARN })
	if err := t.create(ctx, refused); err != nil {
		return err
	}
	if err := t.wantExit(ctx, "one", mainContainer, 0); err != nil {
		return err
	}
	if err := other.wantExit(ctx, "two", mainContainer, 0); err != nil {
		return err
	}
	if err := t.wantExit(ctx, "three", mainContainer, 77, jobs.SecondARN, "client"); err != nil {
		return err
	}
	t.surprises = append(t.surprises, other.surprises...)
	t.wantPuts("one")
	second := 0
	for _, e := range t.Gate.Journal() {
		if e.Bucket == jobs.SecondBucket && e.Key == "two" && e.Role == jobs.SecondARN && jobs.Served(e) {
			second++
		}
		if e.Role == jobs.ClientARN && e.SessionName != t.name+"."+account {
			t.surprise("the client role's session is %q, and the map has a template for it", e.SessionName)
		}
	}
	if second != 1 {
		t.surprise("%d objects were written by the second role", second)
	}
	return nil
}
