package chain

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolechain/internal/durable"
)

// passing are the codes with which AWS asks to come again; a status of 429 or 5xx is as good. They are those that the
// SDK's own retryer knows (aws/retry, DefaultThrottleErrorCodes), STS's for an issuer that does not answer, and the
// agent's.
var passing = []string{
	"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
	"TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
	"PriorRequestNotComplete", "EC2ThrottledException", "RequestTimeout", "RequestTimeoutException",
	"IDPCommunicationError", "InternalFailure", "InternalError", "InternalServerException", "ServiceUnavailable",
	"ServiceUnavailableException",
	// The caller's session ended on the way; it has been dropped by then.
	"ExpiredToken",
}

// throttled reports whether a code is about the rate of calls.
func throttled(code string) bool {
	return strings.Contains(code, "Throttl") || strings.HasPrefix(code, "TooManyRequests") || code == "RequestLimitExceeded" || code == "SlowDown"
}

// explain makes an *Error of what went wrong at a hop of the chain to last.
func (c *Chain) explain(hop int, last Hop, began time.Time, err error) error {
	to := c.spec.hop(hop, last)
	e := &Error{Hop: hop, Of: c.spec.hops(), Role: to.Role, Action: action(hop, c.spec.FirstHop), Kind: Transient, sent: to.Options.sent()}
	var token *tokenError
	var uri *uriError
	var past *pastError
	var agent *agentError
	var api smithy.APIError
	var answered *smithyhttp.ResponseError
	known := ""
	status := 0 // the SDK has such an error for a call without any answer, too
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.Response != nil {
		status = answered.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &token):
		e.Kind, e.Err = BadToken, token.err
		if token.missing || errors.Is(token.err, durable.ErrHung) {
			e.Kind = NoToken
		}
		e.Message = clean(token.Error())
	case errors.As(err, &uri):
		e.Kind, e.Message = BadSpec, clean(uri.Error())
	case errors.As(err, &past):
		e.Message = past.Error()
	case errors.As(err, &agent):
		e.Kind, e.Code, e.Message = kindOf(agent.status, agent.code, agent.message), clean(agent.code), clean(agent.message)
		if e.Code == "" {
			e.Message = fmt.Sprintf("status %d: %s", agent.status, e.Message)
		}
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError": // the SDK's word for an error without a code
		e.Kind, e.Code = kindOf(status, api.ErrorCode(), api.ErrorMessage()), clean(api.ErrorCode())
		e.Message = to.Options.withoutExternalID(clean(api.ErrorMessage()))
		if e.Code == "ExpiredTokenException" && hop > 1 { // of the session that signed, as ExpiredToken is
			e.Kind = Transient
		}
	case status != 0 && (status < 200 || status > 299):
		// Not in STS's form, so not from STS: a proxy, a load balancer, a wrong URL. Who can tell for how long.
		e.Message = fmt.Sprintf("%s: status %d without an error of STS in it", c.spec.Where(), status)
	default:
		known = c.unanswered(e, err, time.Since(began))
	}
	c.spec.explainCauses(e, known)
	return e
}

// kindOf decides about an answer of AWS.
func kindOf(status int, code, message string) Kind {
	switch {
	case status == http.StatusTooManyRequests || status >= 500, throttled(code), slices.Contains(passing, code):
		return Transient
	case code == "InvalidIdentityToken" && strings.Contains(message, "verification key"):
		// STS could not fetch the issuer's keys. SDKs retry the whole code for this one's sake; the other causes of it
		// (audience, no provider) stay.
		return Transient
	}
	return Refused
}

// withoutExternalID takes the external id out of a message that quotes it: it is confidential to its two parties.
func (o Options) withoutExternalID(message string) string {
	if o.ExternalID == "" {
		return message
	}
	return strings.ReplaceAll(message, "'"+o.ExternalID+"'", "'[external id]'")
}
