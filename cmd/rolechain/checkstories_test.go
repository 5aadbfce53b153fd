package main

import (
	"fmt"
	"strings"
	"testing"

	"rolechain/internal/datatest"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

const (
	storyJob    = "arn:aws:iam::111122223333:role/job"
	storyClient = "arn:aws:iam::444455556666:role/teams/client"
	storyHub    = "arn:aws:iam::777788889999:role/hub"
	storyKey    = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	foreignKey  = "arn:aws:kms:eu-west-1:777788889999:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	storyQueue  = "arn:aws:sqs:eu-west-1:444455556666:names"
)

// A story is one run of `rolechain check`.
type story struct {
	name string
	args []string
	code int
	with func(*world)
}

// A world is what a story's check finds.
type world struct {
	sts    ststest.Config
	faults []ststest.Fault
	gate   s3test.Options
	memory *s3test.Memory
	data   *datatest.Server
	env    map[string]string
	mapped string // the role map; "" for none

	subject string                         // of the token
	token   []ststest.TokenOption          // likewise
	after   func(t *testing.T, out string) // nil: nothing is looked at
}

// refuse has AWS refuse actions on the bucket data.
func refuse(because s3test.Because, actions ...string) func(*world) {
	return func(w *world) {
		w.gate.Refuse = append(w.gate.Refuse, s3test.Refusal{Bucket: "data", Actions: actions, Because: because})
	}
}

func refuseQueue(because s3test.Because) func(*world) {
	return func(w *world) {
		w.gate.Refuse = append(w.gate.Refuse, s3test.Refusal{Queue: "names", Actions: []string{"sqs:GetQueueAttributes"}, Because: because})
	}
}

func refuseData(action, words string) func(*world) {
	return func(w *world) { w.data.Refuse[action] = words }
}

func about(change func(*s3test.Bucket)) func(*world) {
	return func(w *world) { change(&w.gate.Buckets[0]) }
}

func both(list ...func(*world)) func(*world) {
	return func(w *world) {
		for _, f := range list {
			f(w)
		}
	}
}

func faultySTS(f ststest.Fault) func(*world) {
	return func(w *world) {
		w.faults = append(w.faults, f)
		w.env["ROLE_CHAIN_START_TIMEOUT"] = "5s"
	}
}

// soon is faultySTS for what is tried again until time is up, as a refusal is that is not believed yet.
func soon(f ststest.Fault) func(*world) {
	return both(faultySTS(f), func(w *world) { w.env["ROLE_CHAIN_START_TIMEOUT"] = "2s" })
}

var (
	bucket = []string{"-bucket", "s3://data/in/"}
	writes = []string{"-bucket", "s3://data/in/", "-write"}
	queue  = []string{"-queue", storyQueue}
	key    = []string{"-kms-key", storyKey}
	table  = []string{"-glue", "sales.orders"}
)

// mapped has the options of the client role in a role map.
func mapped(options string) func(*world) {
	return func(w *world) {
		w.mapped = "roles: {lake: {arn: '" + storyClient + "', " + options + "}}\ngrants: [{namespaces: emr, roles: lake}]\n"
		w.env["CLIENT_ROLE_ARN"], w.env["ROLE_CHAIN_DELIVERY"], w.env["ROLE_CHAIN_START_TIMEOUT"] = "lake", "endpoint", "2s"
		if !strings.HasPrefix(options, "tags") {
			w.sts.Roles[0].MayAlso, w.sts.Roles[1].TrustAlso = []string{"sts:TagSession"}, []string{"sts:TagSession"}
		}
	}
}

// direct has the client role assumed with the token itself.
func direct(w *world) {
	w.env["ROLE_CHAIN_DIRECT"], w.env["ROLE_CHAIN_START_TIMEOUT"] = "true", "2s"
	w.sts.Roles[1].WebIdentity = &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}
}

// nothingLeft sees that the write left no object, nor a marker of one that was deleted.
func nothingLeft(w *world) {
	w.after = func(t *testing.T, _ string) {
		keys, written := w.memory.Keys("data")
		if fmt.Sprint(keys) != "[in/empty in/part-0]" || written != 1 {
			t.Errorf("the bucket has %v, written %d", keys, written)
		}
	}
}

var stories = []story{
	{name: "everything", args: []string{"-bucket", "s3://data/in/", "-write", "-queue", storyQueue, "-kms-key", storyKey, "-glue", "sales.orders"}, with: nothingLeft},
	{name: "everything-json", args: []string{"-json", "-bucket", "s3://data/in/", "-write", "-queue", storyQueue, "-kms-key", storyKey, "-glue", "sales.orders"}},
	{name: "as-base-profile", args: []string{"-bucket", "s3://data/in/", "-as", "job-execution-role"}, code: 77},
	{name: "versioned", args: writes, with: both(func(w *world) { w.memory.Versioned = true }, nothingLeft)},
	{name: "several-fail", args: []string{"-bucket", "s3://data/in/", "-bucket", "s3://nosuch/x", "-queue", storyQueue, "-glue", "sales.orders"}, code: 77, with: both(refuse(s3test.Silent, "s3:GetObject"), refuseQueue(s3test.Silent))},
	{name: "several-fail-json", args: []string{"-json", "-bucket", "s3://data/in/", "-queue", storyQueue}, code: 77, with: both(refuse(s3test.Silent, "s3:GetObject"), refuseQueue(s3test.Silent))},

	// S3, by the policy that AWS blames
	{name: "list-identity", args: bucket, code: 77, with: refuse(s3test.NoPolicy("identity-based policy"), "s3:ListBucket")},
	{name: "list-identity-deny", args: bucket, code: 77, with: refuse(s3test.Deny("identity-based policy"), "s3:ListBucket")},
	{name: "list-bucket-policy", args: bucket, code: 77, with: refuse(s3test.NoPolicy("resource-based policy"), "s3:ListBucket")},
	{name: "read-bucket-policy-deny", args: bucket, code: 77, with: refuse(s3test.Deny("resource-based policy"), "s3:GetObject")},
	{name: "read-boundary", args: bucket, code: 77, with: refuse(s3test.NoPolicy("permissions boundary"), "s3:GetObject")},
	{name: "read-boundary-deny", args: bucket, code: 77, with: refuse(s3test.Deny("permissions boundary"), "s3:GetObject")},
	{name: "read-session-policy", args: bucket, code: 77, with: refuse(s3test.NoPolicy("session policy"), "s3:GetObject")},
	{name: "read-session-policy-deny", args: bucket, code: 77, with: refuse(s3test.Deny("session policy"), "s3:GetObject")},
	{name: "read-scp", args: bucket, code: 77, with: refuse(s3test.NoPolicy("service control policy"), "s3:GetObject")},
	{name: "read-scp-deny", args: bucket, code: 77, with: refuse(s3test.Deny("service control policy"), "s3:GetObject")},
	{name: "read-rcp-deny", args: bucket, code: 77, with: refuse(s3test.Deny("resource control policy"), "s3:GetObject")},
	{name: "read-endpoint", args: bucket, code: 77, with: refuse(s3test.NoPolicy("VPC endpoint policy"), "s3:GetObject")},
	{name: "read-endpoint-deny", args: bucket, code: 77, with: refuse(s3test.Deny("VPC endpoint policy"), "s3:GetObject")},
	{name: "all-silent", args: bucket, code: 77, with: refuse(s3test.Silent, "s3:ListBucket", "s3:GetObject")},
	{name: "list-silent-key-given", args: []string{"-bucket", "s3://data/in/part-0"}, code: 77, with: refuse(s3test.Silent, "s3:ListBucket")},
	{name: "read-silent-key-given", args: []string{"-bucket", "s3://data/in/part-0"}, code: 77, with: refuse(s3test.Silent, "s3:ListBucket", "s3:GetObject")},
	{name: "no-such-bucket", args: []string{"-bucket", "s3://nosuch/in/"}, code: 77},
	{name: "no-object", args: []string{"-bucket", "s3://data/out/"}},
	{name: "empty-object", args: []string{"-bucket", "s3://data/in/empty"}},
	{name: "other-region", args: writes, with: both(about(func(b *s3test.Bucket) { b.Region = "us-west-2" }), nothingLeft)},
	{name: "requester-pays", args: writes, code: 77, with: both(about(func(b *s3test.Bucket) { b.RequesterPays = true }), nothingLeft)},

	// S3 and KMS
	{name: "read-key", args: bucket, with: about(func(b *s3test.Bucket) { b.Key = storyKey })},
	{name: "read-key-identity", args: bucket, code: 77, with: both(about(func(b *s3test.Bucket) { b.Key = storyKey }), refuse(s3test.NoPolicy("identity-based policy"), "kms:Decrypt"))},
	{name: "read-key-policy", args: bucket, code: 77, with: both(about(func(b *s3test.Bucket) { b.Key = foreignKey }), refuse(s3test.NoPolicy("resource-based policy"), "kms:Decrypt"))},
	{name: "read-default-key", args: bucket, code: 77, with: both(about(func(b *s3test.Bucket) { b.Key = foreignKey }), refuse(s3test.DefaultKey, "kms:Decrypt"))},
	{name: "write-key-policy", args: writes, code: 77, with: both(about(func(b *s3test.Bucket) { b.Key = foreignKey }), refuse(s3test.NoPolicy("resource-based policy"), "kms:GenerateDataKey"))},

	// writing
	{name: "write-identity", args: writes, code: 77, with: refuse(s3test.NoPolicy("identity-based policy"), "s3:PutObject")},
	{name: "write-silent", args: writes, code: 77, with: refuse(s3test.Silent, "s3:PutObject")},
	{name: "delete-identity", args: writes, code: 77, with: refuse(s3test.NoPolicy("identity-based policy"), "s3:DeleteObject")},
	{name: "delete-version", args: writes, code: 77, with: both(func(w *world) { w.memory.Versioned = true }, refuse(s3test.NoPolicy("identity-based policy"), "s3:DeleteObjectVersion"))},

	// SQS
	{name: "queue-other-account", args: []string{"-queue", "https://sqs.eu-west-1.amazonaws.com/777788889999/names"}},
	{name: "queue-other-region", args: []string{"-queue", "https://sqs.eu-central-1.amazonaws.com/444455556666/names"}, with: func(w *world) { w.gate.Region = "eu-central-1" }},
	{name: "queue-default-key", args: []string{"-queue", "arn:aws:sqs:eu-west-1:777788889999:names"}, code: 77, with: func(w *world) { w.memory.Queues["names"]["KmsMasterKeyId"] = "alias/aws/sqs" }},
	{name: "queue-key", args: queue, with: func(w *world) { w.memory.Queues["names"]["KmsMasterKeyId"] = storyKey }},
	{name: "queue-not-there", args: []string{"-queue", "arn:aws:sqs:eu-west-1:444455556666:other"}, code: 77},
	{name: "queue-stranger", args: []string{"-queue", "arn:aws:sqs:eu-west-1:777788889999:names"}, code: 77, with: refuseQueue(s3test.NoSuchQueue)},
	{name: "queue-identity", args: queue, code: 77, with: refuseQueue(s3test.NoPolicy("identity-based policy"))},
	{name: "queue-policy", args: []string{"-queue", "arn:aws:sqs:eu-west-1:777788889999:names"}, code: 77, with: refuseQueue(s3test.NoPolicy("resource-based policy"))},
	{name: "queue-endpoint", args: queue, code: 77, with: refuseQueue(s3test.NoPolicy("VPC endpoint policy"))},
	{name: "queue-scp-deny", args: queue, code: 77, with: refuseQueue(s3test.Deny("service control policy"))},
	{name: "queue-silent", args: []string{"-queue", "arn:aws:sqs:eu-west-1:777788889999:names"}, code: 77, with: refuseQueue(s3test.Silent)},

	// KMS
	{name: "key-describe", args: key, with: refuseData("kms:DescribeKey", "USER is not authorized to perform: kms:DescribeKey on resource: "+storyKey+" because no identity-based policy allows the kms:DescribeKey action")},
	{name: "key-encrypt-identity", args: key, code: 77, with: refuseData("kms:GenerateDataKey", "USER is not authorized to perform: kms:GenerateDataKey on resource: "+storyKey+" because no identity-based policy allows the kms:GenerateDataKey action")},
	{name: "key-decrypt-policy", args: []string{"-kms-key", foreignKey}, code: 77, with: refuseData("kms:Decrypt", "USER is not authorized to perform: kms:Decrypt on resource: "+foreignKey+" because no resource-based policy allows the kms:Decrypt action")},
	{name: "key-old-words", args: key, code: 77, with: refuseData("kms:Decrypt", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")},
	{name: "key-endpoint-deny", args: key, code: 77, with: refuseData("kms:Decrypt", "USER is not authorized to perform: kms:Decrypt on resource: "+storyKey+" with an explicit deny in a VPC endpoint policy")},
	{name: "key-disabled", args: key, code: 77, with: func(w *world) { w.data.Keys[storyKey] = datatest.Key{ARN: storyKey, State: "PendingDeletion"} }},
	{name: "key-default", args: []string{"-kms-key", "alias/aws/s3"}, code: 77, with: both(
		func(w *world) { w.data.Keys["alias/aws/s3"] = datatest.Key{ARN: storyKey, Manager: "AWS"} },
		refuseData("kms:GenerateDataKey", "USER is not authorized to perform: kms:GenerateDataKey on resource: "+storyKey+" because no resource-based policy allows the kms:GenerateDataKey action"))},
	{name: "key-signing", args: key, code: 77, with: func(w *world) { w.data.Keys[storyKey] = datatest.Key{ARN: storyKey, Usage: "SIGN_VERIFY"} }},
	{name: "key-not-there", args: []string{"-kms-key", "alias/nosuch"}, code: 77},

	// Glue
	{name: "table-identity", args: table, code: 77, with: refuseData("glue:GetTable", "USER is not authorized to perform: glue:GetTable on resource: arn:aws:glue:eu-west-1:444455556666:database/sales because no identity-based policy allows the glue:GetTable action")},
	{name: "table-other-account", args: []string{"-glue", "777788889999:sales.orders"}, code: 77, with: refuseData("glue:GetTable", "USER is not authorized to perform: glue:GetTable on resource: arn:aws:glue:eu-west-1:777788889999:catalog because no resource-based policy allows the glue:GetTable action")},
	{name: "table-lake-formation", args: table, code: 77, with: refuseData("glue:GetTable", "Insufficient Lake Formation permission(s): Required Describe on orders")},
	{name: "table-not-there", args: []string{"-glue", "sales.nosuch"}, code: 77},

	// the chain
	{name: "hop1-trust", args: bucket, code: 77, with: func(w *world) { w.subject = "system:serviceaccount:other:spark" }},
	{name: "hop1-audience", code: 77, with: func(w *world) { w.token = []ststest.TokenOption{ststest.WithAudience("vault")} }},
	{name: "hop1-no-provider", code: 77, with: func(w *world) { w.token = []ststest.TokenOption{ststest.WithIssuer("https://elsewhere.example")} }},
	{name: "hop1-forged", code: 77, with: func(w *world) { w.token = []ststest.TokenOption{ststest.WithForgedSignature()} }},
	{name: "hop1-unknown-key", code: 75, with: func(w *world) {
		w.token, w.env["ROLE_CHAIN_START_TIMEOUT"] = []ststest.TokenOption{ststest.WithUnknownKey()}, "2s"
	}},
	{name: "direct-duration", code: 77, with: both(direct, func(w *world) { w.env["ROLE_CHAIN_DURATION"] = "2h" })},
	{name: "direct-no-provider", code: 77, with: both(direct, func(w *world) { w.sts.Roles[1].WebIdentity = nil })},
	{name: "direct-trust", code: 77, with: both(direct, func(w *world) { w.sts.Roles[1].WebIdentity.StringEquals["sub"] = []string{"x"} })},
	{name: "hop1-expired-token", code: 77, with: faultySTS(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRoleWithWebIdentity"})},
	{name: "hop1-issuer-unreachable", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.IDPCommunication})},
	{name: "hop2-trust", args: bucket, code: 77, with: func(w *world) { w.sts.Roles[1].TrustedBy = nil }},
	{name: "hop2-identity", code: 77, with: func(w *world) { w.sts.Roles[0].MayAssume = nil }},
	{name: "hop2-external-id", code: 77, with: func(w *world) { w.sts.Roles[1].ExternalID = "x-1"; w.env["ROLE_CHAIN_EXTERNAL_ID"] = "x-2" }},
	{name: "hop2-external-id-mapped", code: 77, with: func(w *world) {
		w.sts.Roles[1].ExternalID = "x-1"
		w.mapped = "roles: {lake: {arn: '" + storyClient + "', external_id: x-2}}\ngrants: [{namespaces: emr, roles: lake}]\n"
		w.env["CLIENT_ROLE_ARN"], w.env["ROLE_CHAIN_START_TIMEOUT"] = "lake", "2s"
	}},
	{name: "hop2-tags", code: 77, with: func(w *world) {
		w.env["ROLE_CHAIN_DELIVERY"], w.env["ROLE_CHAIN_SESSION_TAGS"] = "endpoint", "team=a"
	}},
	{name: "hop2-source-identity", code: 77, with: func(w *world) {
		w.env["ROLE_CHAIN_DELIVERY"], w.env["ROLE_CHAIN_SOURCE_IDENTITY"] = "endpoint", "alice"
	}},
	{name: "hop2-tags-mapped", code: 77, with: mapped("tags: {team: a}")},
	{name: "hop2-source-identity-mapped", code: 77, with: mapped("source_identity: alice")},
	{name: "hop2-policy-mapped", code: 77, with: mapped("policy: {Statement: []}, tags: {a: '" + strings.Repeat("v", 250) + "', b: '" + strings.Repeat("v", 250) + "'}")},
	{name: "hop2-duration-mapped", code: 77, with: both(mapped("duration: 1h"), func(w *world) { w.sts.Roles[1].MaxSessionSeconds = 1800 })},
	{name: "hop2-duration", code: 77, with: func(w *world) { w.sts.Roles[1].MaxSessionSeconds = 1800 }},
	{name: "hop3-transitive", code: 77, with: func(w *world) {
		w.sts.Roles[0].MayAssume, w.sts.Roles[0].MayAlso, w.sts.Roles[1].TrustAlso = []string{"*"}, []string{"sts:TagSession"}, []string{"sts:TagSession"}
		w.sts.Roles = append(w.sts.Roles, ststest.Role{ARN: storyHub, TrustedBy: []string{storyJob}, TrustAlso: []string{"sts:TagSession"}, MayAssume: []string{"*"}, MayAlso: []string{"sts:TagSession"}})
		w.sts.Roles[1].TrustedBy = []string{storyHub}
		w.mapped = "roles: {hub: {arn: '" + storyHub + "', tags: {team: a}, transitive_tags: [team]}, lake: {arn: '" + storyClient + "', tags: {team: b}}}\ngrants: [{namespaces: emr, roles: [hub, lake]}]\n"
		w.env["CLIENT_ROLE_ARN"], w.env["ROLE_CHAIN_VIA"], w.env["ROLE_CHAIN_DELIVERY"] = "lake", "hub", "endpoint"
	}},
	{name: "hop2-trust-json", args: []string{"-json"}, code: 77, with: func(w *world) { w.sts.Roles[1].TrustedBy = nil }},
	{name: "hop2-throttled", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.Throttle, Action: "AssumeRole"})},
	{name: "hop2-unavailable", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.ServiceUnavailable, Action: "AssumeRole"})},
	{name: "hop2-internal-failure", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.InternalFailure, Action: "AssumeRole"})},
	{name: "hop2-past", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.PastExpiration, Action: "AssumeRole"})},
	{name: "hop2-proxy-page", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.WrongXML, Action: "AssumeRole"})},
	{name: "hop2-reset", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.Reset, Action: "AssumeRole"})},
	{name: "hop2-truncated", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.Truncate, Action: "AssumeRole"})},
	{name: "hop2-expired", code: 75, with: faultySTS(ststest.Fault{Kind: ststest.ExpiredToken, Action: "AssumeRole"})},
	{name: "hop2-short", with: faultySTS(ststest.Fault{Kind: ststest.Short, Action: "AssumeRole", LifetimeSeconds: 120})},
	{name: "hop2-huge", code: 75, with: soon(ststest.Fault{Kind: ststest.Huge, Action: "AssumeRole"})},
	{name: "hop2-truncated-chunked", code: 75, with: soon(ststest.Fault{Kind: ststest.TruncateChunked, Action: "AssumeRole"})},
	{name: "hop1-slow", with: faultySTS(ststest.Fault{Kind: ststest.Slow, DelaySeconds: 0.1})},
	{name: "hop1-too-slow", code: 75, with: soon(ststest.Fault{Kind: ststest.Slow, DelaySeconds: 60})},
	{name: "hop2-too-slow", code: 75, with: soon(ststest.Fault{Kind: ststest.Slow, Action: "AssumeRole", DelaySeconds: 60})},
	{name: "hop1-hang", code: 75, with: soon(ststest.Fault{Kind: ststest.Hang})},
	{name: "hop2-hang", code: 75, with: soon(ststest.Fault{Kind: ststest.Hang, Action: "AssumeRole"})},
	{name: "identity-refused", with: faultySTS(ststest.Fault{Kind: ststest.AccessDenied, Action: "GetCallerIdentity"})},

	// how it is called
	{name: "no-route", args: bucket, code: 75, with: func(w *world) { w.env["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9" }},
	{name: "bad-endpoint", args: bucket, code: 78, with: func(w *world) { w.env["AWS_ENDPOINT_URL_S3"] = "s3.eu-west-1.amazonaws.com" }},
	{name: "bad-settings", code: 78, with: func(w *world) { w.env["ROLE_CHAIN_DURATION"], w.env["ROLE_CHAIN_DELIVERY"] = "2h", "files" }},
	{name: "bad-bucket", args: []string{"-bucket", "data/in"}, code: 64},
	{name: "bad-queue", args: []string{"-queue", "names"}, code: 64},
	{name: "bad-key", args: []string{"-kms-key", "arn:aws:s3:::data"}, code: 64},
	{name: "bad-table", args: []string{"-glue", "orders"}, code: 64},
	{name: "bad-profile", args: []string{"-bucket", "s3://data/", "-as", "nobody"}, code: 64},
	{name: "write-nothing", args: []string{"-write"}, code: 64},
}

// The policy that AWS blames for either hop.
func init() {
	for i, action := range []string{"AssumeRoleWithWebIdentity", "AssumeRole"} {
		for _, policy := range ststest.PolicyKinds {
			name := fmt.Sprintf("hop%d-by-%s", i+1, strings.ToLower(strings.ReplaceAll(policy, " ", "-")))
			stories = append(stories,
				story{name: name, code: 77, with: soon(ststest.Fault{Kind: ststest.AccessDenied, Action: action, Policy: policy})},
				story{name: name + "-deny", code: 77, with: soon(ststest.Fault{Kind: ststest.AccessDenied, Action: action, Policy: policy, Deny: true})})
		}
	}
}
