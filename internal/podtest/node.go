package podtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// NodeKey is the access key id of the node's role. No other server knows it.
const NodeKey = "ASIANODEROLE00000000"

// NodeRole answers as the instance metadata service of a node in region does, in both versions: an SDK that falls back to
// it signs with NodeKey.
func NodeRole(region string, now func() time.Time) http.Handler {
	const roles = "/latest/meta-data/iam/security-credentials"
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimSuffix(r.URL.Path, "/"); path {
		case "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			fmt.Fprint(w, strings.Repeat("t", 56))
		case roles:
			fmt.Fprint(w, "node-role")
		case roles + "/node-role":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"Code":"Success","LastUpdated":%q,"Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`,
				stamp(now()), NodeKey, strings.Repeat("n", 40), strings.Repeat("n", 200), stamp(now().Add(6*time.Hour)))
		case "/latest/meta-data/placement/region":
			fmt.Fprint(w, region)
		case "/latest/meta-data/placement/availability-zone":
			fmt.Fprint(w, region+"a")
		case "/latest/dynamic/instance-identity/document":
			fmt.Fprintf(w, `{"region":%q,"availabilityZone":%q,"accountId":"111122223333"}`, region, region+"a")
		default:
			http.NotFound(w, r)
		}
	})
}
