// Package ststest is a strict in-memory AWS STS for tests and for the demo. It does what AWS does on a role chain and
// what general mocks let pass: it checks every signature, session token and expiry, verifies web identity tokens
// against a key set, evaluates trust policies and permissions on both sides, caps a chained session at one hour, and
// refuses in AWS's own codes and words. It fakes the protocol, not the client: any AWS SDK can be pointed at it.
//
//	sts := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
//		{
//			ARN:         "arn:aws:iam::111122223333:role/job-execution-role",
//			WebIdentity: &ststest.WebIdentity{StringLike: map[string][]string{"sub": {"system:serviceaccount:emr:*"}}},
//			MayAssume:   []string{"arn:aws:iam::444455556666:role/client-role"},
//		},
//		{
//			ARN:       "arn:aws:iam::444455556666:role/client-role",
//			TrustedBy: []string{"arn:aws:iam::111122223333:role/job-execution-role"},
//		},
//	}}})
//	token := sts.Token("system:serviceaccount:emr:spark")
//	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
//
// # Configuration
//
// Config is the same thing in Go and in the JSON file of the program in standin/:
//
//	{
//	  "issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",  // default: one of this form
//	  "audience": "sts.amazonaws.com",                                  // the provider's client id; this is the default
//	  "jwks_file": "jwks.json",      // a foreign key set, such as a Kubernetes API server's; "jwks" has it inline
//	  "region": "eu-west-1",         // signatures for another region are refused; default: any
//	  "roles": [
//	    {
//	      "arn": "arn:aws:iam::111122223333:role/job-execution-role",
//	      "web_identity": {          // trust policy: who may come with a token, as AWS's condition operators
//	        "StringEquals": {"aud": ["sts.amazonaws.com"]},
//	        "StringLike": {"sub": ["system:serviceaccount:emr:*"]}
//	      },
//	      "may_assume": ["arn:aws:iam::444455556666:role/*"],  // permissions: resources for sts:AssumeRole
//	      "may_also": ["sts:TagSession"],                      // permissions: further actions on the same resources
//	      "max_session_seconds": 43200                         // default 3600
//	    },
//	    {
//	      "arn": "arn:aws:iam::444455556666:role/client-role",
//	      "trusted_by": ["arn:aws:iam::111122223333:role/job-execution-role"],  // trust policy: principals
//	      "trust_also": ["sts:TagSession", "sts:SetSourceIdentity"],            // trust policy: further actions
//	      "external_id": "abc",      // trust policy: the sts:ExternalId condition; default: none
//	      "lifetime_seconds": 20     // stand-in only: sessions end sooner than they were asked for
//	    }
//	  ],
//	  "users": [{"arn": "arn:aws:iam::111122223333:user/alice", "access_key_id": "AKIA…", "secret_access_key": "…"}]
//	}
//
// In the place of these short forms a role can have IAM policy documents, as "trust_policy" and "permissions"; see Policy.
//
// A call across accounts needs both sides, as on AWS. Inside an account the trust policy suffices when it names the
// role itself; when it names the account ("arn:aws:iam::111122223333:root") the permissions must allow it as well.
//
// # What is beside the protocol
//
// Start and Server.Listen serve on the loopback interface only; Server.Transport does without a network, for
// testing/synctest. Server.Token mints tokens, Server.Inject scripts faults, Server.Down and Server.Up make an outage,
// Server.PodIdentity hands out a session as EKS Pod Identity's agent does, Server.Journal and Server.Lookup tell what
// happened, without secrets, and Server.Secrets lists every secret so that a test can search logs for them. Server.Key is
// for a stand-in of another service, which has to check the signatures made with the keys handed out here. The handler
// also serves /.well-known/openid-configuration and /openid/v1/jwks. Server.Control has most of this over HTTP, under
// /_standin/, for the program.
//
// # Where it is not AWS
//
// Words that AWS does not publish, and that nobody has quoted in public, are marked "our words" in the code. The packed
// size of policies and tags is an approximation. A session policy is checked for size and syntax but does not narrow
// the next hop. MFA, SAML, tags inside a token, and permission boundaries do not exist.
package ststest
