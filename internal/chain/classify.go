package chain

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
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

// throttled says whether a code is about the rate of calls.
func throttled(code string) bool {
	return strings.Contains(code, "Throttl") || strings.HasPrefix(code, "TooManyRequests") || code == "RequestLimitExceeded" || code == "SlowDown"
}

// explain makes an *Error of what went wrong at a hop of the chain to last.
func (c *Chain) explain(hop int, last string, began time.Time, err error) error {
	e := &Error{Hop: hop, Of: c.spec.hops(), Role: c.spec.role(hop, last), Action: action(hop, c.spec.FirstHop), Kind: Transient}
	var token *tokenError
	var uri *uriError
	var past *pastError
	var agent *agentError
	var api smithy.APIError
	var answered *smithyhttp.ResponseError
	status := 0 // the SDK has such an error for a call without any answer, too
	if errors.As(err, &answered) && answered.Response != nil && answered.Response.Response != nil {
		status = answered.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &token):
		e.Kind, e.Err = BadToken, token.err
		if token.missing {
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
		e.Message = c.spec.withoutExternalID(clean(api.ErrorMessage()))
		if e.Code == "ExpiredTokenException" && hop > 1 { // of the session that signed, as ExpiredToken is
			e.Kind = Transient
		}
	case status != 0 && (status < 200 || status > 299):
		// Not in STS's form, so not from STS: a proxy, a load balancer, a wrong URL. Who can tell for how long.
		e.Message = fmt.Sprintf("status %d without an error of STS in it", status)
	default:
		e.Message, e.Err = reason(err, time.Since(began))
		if unsendable(err) {
			e.Kind = BadSpec
		}
	}
	e.Hint = c.spec.hint(e)
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

// reason says in a few words why there was no answer, without what differs from try to try (ports, times), so that the
// same trouble reads the same. The cause is returned without the SDK's wrapping, which keeps pieces of answers.
func reason(err error, took time.Duration) (string, error) {
	var dns *net.DNSError
	var op *net.OpError
	var errno syscall.Errno
	var answer *smithy.DeserializationError
	var syntax *xml.SyntaxError
	at := ""
	if errors.As(err, &op) && op.Op == "dial" && op.Addr != nil {
		at = op.Addr.String() + ": "
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped", context.Canceled
	case errors.As(err, &dns):
		return clean(fmt.Sprintf("looking up %s: %s", dns.Name, dns.Err)), dns
	case errors.Is(err, context.DeadlineExceeded):
		return at + "no answer within " + took.Round(time.Second/10).String(), context.DeadlineExceeded
	case errors.As(err, &errno):
		return at + errno.Error(), errno
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), // the last from net/http, now and then
		errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
		return "the answer ended too early", io.ErrUnexpectedEOF
	case errors.As(err, &answer):
		return "the answer is incomplete or none of STS's", io.ErrUnexpectedEOF
	}
	// What is left is short and without content of an answer: TLS, timeouts of the transport's phases.
	var operation *smithy.OperationError
	var send *smithyhttp.RequestSendError
	var call *url.Error
	if errors.As(err, &operation) {
		err = operation.Err
	}
	if errors.As(err, &send) {
		err = send.Err
	}
	if errors.As(err, &call) {
		err = call.Err
	}
	text := clean(err.Error())
	if strings.Contains(text, badProxy) { // net/http quotes it, password and all
		text = "HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy"
	}
	return text, errors.New(text)
}

// badProxy is how net/http begins to say so.
const badProxy = "invalid proxy address"

// unsendable says whether the SDK or net/http refused to make the call at all: a missing parameter, a broken URL.
func unsendable(err error) bool {
	var invalid *smithy.SerializationError
	var urlError *url.Error
	return errors.As(err, &invalid) || errors.As(err, &urlError) && urlError.Op == "parse" ||
		strings.Contains(err.Error(), "unsupported protocol scheme") || strings.Contains(err.Error(), badProxy) || strings.Contains(err.Error(), "ResolveEndpointV2")
}

// withoutExternalID takes the external id out of a message that quotes it: it is confidential to its two parties.
func (s Spec) withoutExternalID(message string) string {
	if s.ExternalID == "" {
		return message
	}
	return strings.ReplaceAll(message, "'"+s.ExternalID+"'", "'[external id]'")
}
