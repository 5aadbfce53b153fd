package main_test

import (
	"cmp"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/ststest"
)

const hubRole, middleRole = "arn:aws:iam::222233334444:role/hub", "arn:aws:iam::333344445555:role/x/middle"

const fourHops = `
roles:
  hub: {arn: ` + hubRole + `, external_id: hub-id, session_name: "to-hub.{namespace}"}
  middle: {arn: "` + middleRole + `", duration: 15m}
  client: {arn: ` + clientRole + `, external_id: client-id, session_name: "{job}"}
  other: {arn: ` + otherRole + `, external_id: other-id}
grants: [{namespaces: emr, roles: [hub, middle, client, other]}]
`

// Real SDKs go through four roles in three deliveries, each hop with the options that a role map gives its role.
func TestFourHops(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"profile", "file", "endpoint"} {
		t.Run(delivery, func(t *testing.T) {
			sts := chainOf(t, 0, func(c *ststest.Config) {
				c.Roles[0].MayAssume = []string{hubRole}
				c.Roles[1].TrustedBy, c.Roles[1].ExternalID = []string{middleRole}, "client-id"
				c.Roles[2].TrustedBy, c.Roles[2].ExternalID = []string{middleRole}, "other-id"
				c.Roles = append(c.Roles,
					ststest.Role{ARN: hubRole, TrustedBy: []string{jobRole}, ExternalID: "hub-id", MayAssume: []string{middleRole}},
					ststest.Role{ARN: middleRole, TrustedBy: []string{hubRole}, MayAssume: []string{clientRole, otherRole}})
			})
			home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_IRSA_ENV=remove", "ROLE_CHAIN_VIA=hub,"+middleRole, "ROLE_CHAIN_PROFILES=other", "SPARK_CONTAINER_ID=spark-000000035abcdefgh-driver")
			file := filepath.Join(home, "map.yaml")
			write(t, file, fourHops, 0o600)
			j := startIn(t, sts, home, append(without(env, "CLIENT_ROLE_ARN"), "CLIENT_ROLE_ARN=client", "ROLE_CHAIN_ROLE_MAP="+file))
			var own []string
			for name, value := range j.env {
				own = append(own, name+"="+value)
			}
			asked := false // where no SDK is installed, each of these is skipped
			for sdk, ask := range askers() {
				if sdk == "java-v1" { // it goes through no chain by itself
					continue
				}
				t.Run(sdk, func(t *testing.T) {
					for profile, role := range map[string]string{"-": clientRole, "other": otherRole} {
						key := strings.TrimSpace(ask(t, own, profile))
						if session, known := sts.Lookup(key); !known || session.RoleARN != role || session.Depth != 4 {
							t.Errorf("profile %q: key %q of %+v", profile, key, session)
						}
					}
					asked = true
				})
			}
			type call struct {
				role, name, duration string
				externalID           bool
			}
			want := map[call]bool{
				{hubRole, "to-hub.emr", "3600", true}:           true,
				{middleRole, "spark-0", "900", false}:           true,
				{clientRole, "000000035abcdefgh", "3600", true}: true,
				{otherRole, "spark-0", "3600", true}:            true,
			}
			seen := map[call]bool{}
			for _, e := range sts.Journal() {
				c := call{e.Role, e.SessionName, e.DurationSeconds, e.ExternalID}
				if e.Action != "AssumeRole" {
					continue
				}
				if c.duration == "" && strings.HasPrefix(e.UserAgent, "aws-sdk-java/2") {
					c.duration = cmp.Or(map[string]string{middleRole: "900"}[c.role], "3600") // it reads no duration_seconds
				}
				if seen[c] = true; !want[c] || e.Outcome != ststest.Success {
					t.Errorf("%+v", e)
				}
			}
			if asked && len(seen) != len(want) {
				t.Errorf("%v", seen)
			}
			j.end()
		})
	}
}
