// Package data tries what a role may do with the data behind a chain: buckets, queues, keys and tables. It reads; it writes
// one object when it is asked to, and deletes it. Each step says how it went as soon as it is known, in AWS's words, with the
// likely causes and the statements of policies that would put it right.
//
// S3 is asked by the SDK's client. Those for SQS, KMS and Glue build the schemas of all their operations before main, in
// every command. So the five operations that are needed are calls of the JSON protocol here, signed by the SDK's signer.
package data

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolechain/internal/awsconfig"
	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// callTimeout is how long one call may take, tries included.
const callTimeout = 20 * time.Second

// A Line says how one step went.
type Line struct {
	Step    string // "list"
	Target  string // "s3://data/in/"
	Skipped bool
	Text    string // what was found, or why the step was skipped
	Err     error  // why it failed, an *exit.Error; in AWS's words
	refusal.Explanation
}

// A Probe tries things with one session.
type Probe struct {
	Services awsconfig.Services
	Role     string // ARN of the session's role
	Region   string // of the chain, where Services has none
	Sign     aws.CredentialsProvider
	Say      func(Line)

	SessionFrom string // as in refusal.Call
}

// explain says why the session's call was refused.
func (p *Probe) explain(c refusal.Call, blame refusal.Blame) refusal.Explanation {
	c.SessionFrom = p.SessionFrom
	return refusal.Explain(c, blame)
}

// region returns the region that calls go to where a resource does not say another.
func (p *Probe) region() string {
	if p.Services.Region != "" {
		return p.Services.Region
	}
	return p.Region
}

// retryer tries a passing failure again, twice.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 2 * time.Second })
}

// answer is what came of a call.
type answer struct {
	status  int // HTTP's; 0 when nobody answered
	code    string
	message string
	region  string // S3: where the bucket is
}

// answerOf reads the error of a call.
func answerOf(err error) answer {
	var a answer
	var api smithy.APIError
	var got *smithyhttp.ResponseError
	if errors.As(err, &got) && got.Response != nil && got.Response.Response != nil {
		a.status, a.region = got.HTTPStatusCode(), got.Response.Header.Get("X-Amz-Bucket-Region")
	}
	if errors.As(err, &api) && api.ErrorCode() != "UnknownError" {
		a.code, a.message = chain.Clean(api.ErrorCode()), chain.Clean(api.ErrorMessage())
	}
	return a
}

// refused reports whether AWS denies permission.
func (a answer) refused() bool {
	return strings.HasPrefix(a.code, "AccessDenied") || a.code == "Forbidden" || a.code == "AllAccessDisabled" || a.status == 403 && a.code == ""
}

func (a answer) words() string {
	switch {
	case a.code == "":
		return fmt.Sprintf("status %d without a reason", a.status)
	case a.message == "" || a.message == a.code:
		return a.code
	}
	return a.code + ": " + a.message
}

// passing are codes with which services ask to come again.
func (a answer) passing() bool {
	return a.status >= 500 || a.status == 429 || strings.Contains(a.code, "Throttl") || a.code == "SlowDown" || strings.HasPrefix(a.code, "RequestTimeout")
}

// fail ends a step with a call's error. c says what the call needs; cause is that of an answer which is no refusal.
func (p *Probe) fail(l Line, err error, c refusal.Call, cause string) {
	a := answerOf(err)
	switch {
	case a.status == 0:
		l.Err = exit.Because(exit.Unreached, fmt.Errorf("%s: no answer: %s", l.Target, chain.Clean(err.Error())), "")
		l.Causes = []string{fmt.Sprintf("the pod does not reach %s: it needs DNS, and a way out (NAT, HTTPS_PROXY) or a VPC endpoint for it in the region, open in security groups and NetworkPolicies; of a certificate that is not trusted the error above speaks, and AWS_CA_BUNDLE names the authority", c.Service)}
	case a.passing():
		l.Err = exit.Because(exit.Unreached, fmt.Errorf("%s: %s", l.Target, a.words()), "")
		l.Causes = []string{"it may pass: try again"}
	case a.code == "" && a.status != 403 && a.status != 404:
		l.Err = exit.Because(exit.Unreached, fmt.Errorf("%s: %s", l.Target, a.words()), "")
		l.Causes = []string{"something between the pod and " + c.Service + " answered, most likely a proxy: look at HTTPS_PROXY, NO_PROXY and the AWS_ENDPOINT_URL variables"}
	default:
		l.Err = exit.Because(exit.Denied, fmt.Errorf("%s: %s", l.Target, a.words()), "")
		l.Causes = []string{cmp.Or(cause, "no policy is blamed, so it is about the request: look at the name that was given, and at its region and account")}
		if a.refused() {
			blame := refusal.Read(a.message)
			if blame.Action != "" && strings.EqualFold(blame.Action, c.Action) {
				blame.Action = c.Action // SQS writes it in lower case
			}
			if blame.Action != "" && blame.Action != c.Action {
				c.Action = blame.Action
				if blame.Resource != "" && strings.HasPrefix(blame.Resource, "arn:") {
					c.Resources = []string{blame.Resource}
				}
			}
			l.Explanation = p.explain(c, blame)
		}
	}
	p.Say(l)
}

// failAs is fail where the explanation is known.
func (p *Probe) failAs(l Line, err error, e refusal.Explanation) {
	l.Explanation = e
	l.Err = exit.Because(exit.Denied, fmt.Errorf("%s: %s", l.Target, answerOf(err).words()), "")
	p.Say(l)
}

// Skip says that steps were not tried.
func (p *Probe) Skip(target string, steps ...string) {
	for _, step := range steps {
		p.Say(Line{Step: step, Target: target, Skipped: true})
	}
}

// call bounds a call.
func call[In, Options, Out any](ctx context.Context, do func(context.Context, In, ...func(*Options)) (Out, error), in In) (Out, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return do(ctx, in)
}

// partition is the one of an ARN.
func partition(arn string) string { return cmp.Or(settings.Partition(arn), "aws") }
