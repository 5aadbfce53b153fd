package s3test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rolechain/internal/ststest"
)

// A Refusal refuses some actions in AWS's words for one kind of policy.
type Refusal struct {
	Role    string   // ARN; "" for every role
	Bucket  string   // this or Queue
	Queue   string   // its name
	Actions []string // IAM's names; kms:Decrypt and kms:GenerateDataKey are those that the bucket's key takes
	Because Because
}

// A Because is what AWS says of a refusal.
type Because string

const (
	Silent      Because = "Access Denied" // no policy is named, as towards other accounts; a queue's is "Access to the resource … is denied."
	DefaultKey  Because = "default key"   // of KMS, about the key of another account, of which aws/s3 is one
	NoSuchQueue Because = "no such queue" // of SQS, which answers so to strangers
)

// NoPolicy is the want of an Allow in a kind of policy, one of ststest.PolicyKinds.
func NoPolicy(kind string) Because { return Because(ststest.Because(kind, false, "ACTION")) }

// Deny is a Deny in a kind of policy.
func Deny(kind string) Because { return Because(ststest.Because(kind, true, "")) }

func (r Refusal) check() error {
	if (r.Bucket == "") == (r.Queue == "") || len(r.Actions) == 0 || r.Because == "" {
		return fmt.Errorf("a refusal needs a bucket or a queue, actions, and what AWS says: %+v", r)
	}
	return nil
}

// refusedBy is the refusal that q meets for its need n, nil for none.
func (g *Gate) refusedBy(q *request, n need) error {
	for _, r := range g.options.Refuse {
		if (r.Role == "" || r.Role == q.entry.Role) && r.Bucket == n.bucket && r.Queue == n.queue && slices.Contains(r.Actions, n.action) {
			return g.denied(q, n, r.Because)
		}
	}
	return nil
}

// denied has AWS's words. SQS writes its actions in lower case, and neither it nor KMS has quotes.
func (g *Gate) denied(q *request, n need, because Because) error {
	action, resource := n.action, `"`+n.resource+`"`
	if n.queue != "" || strings.HasPrefix(n.action, "kms:") {
		resource = n.resource
	}
	if n.queue != "" {
		action = strings.ToLower(action)
	}
	switch {
	case because == Silent && n.queue != "":
		return refuse(http.StatusForbidden, "AccessDenied", "Access to the resource https://sqs.%s.amazonaws.com/ is denied.", g.options.Region)
	case because == Silent:
		return refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	case because == NoSuchQueue:
		return noSuchQueue()
	case because == DefaultKey:
		return refuse(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access", g.caller(q), action)
	}
	return refuse(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s %s",
		g.caller(q), action, resource, strings.ReplaceAll(string(because), "ACTION", action))
}

func noSuchQueue() error {
	return refuse(http.StatusBadRequest, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
}

// A Bucket is what the gate knows of a bucket besides its name.
type Bucket struct {
	Name          string
	Region        string // "" is the gate's
	RequesterPays bool
	Key           string // ARN of the key of KMS that it is encrypted with; "" for none
}

func (g *Gate) bucket(name string) (Bucket, bool) {
	i := slices.IndexFunc(g.options.Buckets, func(b Bucket) bool { return b.Name == name })
	if i < 0 {
		return Bucket{}, false
	}
	return g.options.Buckets[i], true
}

// open refuses a requester who does not say that it pays where it has to, and notes the bucket's region for the answer.
func (g *Gate) open(q *request, b Bucket, described bool) error {
	if !described {
		return nil
	}
	if q.region = b.Region; q.region == "" {
		q.region = g.options.Region
	}
	if b.RequesterPays && q.http.Header.Get("X-Amz-Request-Payer") != "requester" && q.s3.name != "HeadBucket" {
		return refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return nil
}

// permitKey refuses what the key of a bucket does not let the role do. Its own Refusals are all that is asked.
func (g *Gate) permitKey(q *request, b Bucket) error {
	action := map[string]string{"GetObject": "kms:Decrypt", "PutObject": "kms:GenerateDataKey"}[q.s3.name]
	if b.Key == "" || action == "" {
		return nil
	}
	return g.refusedBy(q, need{action: action, bucket: b.Name, resource: b.Key})
}
