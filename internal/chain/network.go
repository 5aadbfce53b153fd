package chain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// unanswered fills in e for a call that nobody answered, or not with what the call is for. It returns the cause that it finds; ""
// for none.
func (c *Chain) unanswered(e *Error, err error, took time.Duration) (cause string) {
	where := c.spec.Where() + ": "
	if e.Action == podIdentityAction {
		where = "" // the agent has one address, and no proxy
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		where += "the proxy itself: "
	}
	var proxy *proxyError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &proxy):
		e.Message, e.Err = fmt.Sprintf("%sthe proxy refused the connection: %v", where, proxy), proxy
		return c.spec.refusedByProxy(proxy)
	case errors.As(err, &untrusted):
		// Nobody mends a certificate, or the settings that go with it, while a start waits.
		e.Kind, e.Err = BadSpec, errors.New(untrusted.Err.Error())
		e.Message = clean(fmt.Sprintf("%sthe certificate is not trusted: %v%s", where, untrusted.Err, issuer(untrusted)))
		return c.spec.untrusted(untrusted)
	default:
		e.Message, e.Err = reason(err, took)
		if address := dialed(err); address != "" && !strings.Contains(where, address) {
			where += address + ": "
		}
		if !errors.Is(e.Err, context.Canceled) {
			e.Message = where + e.Message
		}
		if unsendable(err) {
			e.Kind = BadSpec
		}
	}
	return ""
}

// Where names the host of STS, its region and the proxy on the way:
//
//	STS at sts.eu-west-1.amazonaws.com (region eu-west-1, proxy http://10.0.0.1:3128)
func (s Spec) Where() string {
	proxy := ""
	if at, err := s.Endpoint(); err == nil {
		proxy = s.Proxy.For(at)
	}
	text := "STS at " + s.host() + " (" + s.regionText()
	if proxy != "" {
		text += ", proxy " + proxy
	}
	if s.STSEndpointFrom != "" {
		text += ", by " + s.STSEndpointFrom
	} else if s.FIPS {
		text += ", FIPS"
	}
	return clean(text + ")")
}

// Trusts names the certificate authorities by which STS's certificate is judged.
func (s Spec) Trusts() string {
	if s.CABundle == "" {
		return "the system's certificate authorities"
	}
	if _, err := Authorities(s.CABundle); err != nil {
		return fmt.Sprintf("the system's certificate authorities, because %v (%s)", err, s.CABundleFrom)
	}
	return fmt.Sprintf("the certificate authorities in %s (%s)", s.CABundle, s.CABundleFrom)
}

// host is the host of STS, with the port where the URL has one.
func (s Spec) host() string {
	if at, err := s.Endpoint(); err == nil && at.Host != "" {
		return at.Host
	}
	return "its endpoint"
}

// regionText names the region in words.
func (s Spec) regionText() string {
	if s.Region == "" {
		return "no region set"
	}
	return "region " + s.Region
}

// everyService reports whether STS is asked at a URL that was set for every service.
func (s Spec) everyService() bool {
	return s.STSEndpointFrom == "AWS_ENDPOINT_URL" || strings.HasPrefix(s.STSEndpointFrom, "endpoint_url of [default]")
}

// foreign is what the SDK's errors let one say of an answer with status 200 that is no session.
const foreign = "the answer ended too early, or it is not one of STS"

// closedEarly is what net/http says of a connection that was closed before the request was written. It does not export it.
const closedEarly = "server closed idle connection"

// reason says in a few words why there was no answer, without what differs from try to try (ports, times), so that the
// same trouble reads the same. The cause is returned without the SDK's wrapping, which keeps pieces of answers.
func reason(err error, took time.Duration) (string, error) {
	var dns *net.DNSError
	var errno syscall.Errno
	var answer *smithy.DeserializationError
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped", context.Canceled
	case errors.As(err, &dns):
		return clean(fmt.Sprintf("looking up %s: %s", dns.Name, dns.Err)), dns
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + took.Round(time.Second/10).String(), context.DeadlineExceeded
	case errors.As(err, &errno):
		return errno.Error(), errno
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), // the last from net/http, now and then
		errors.As(err, &syntax) && syntax.Msg == "unexpected EOF", strings.Contains(err.Error(), closedEarly):
		return foreign, io.ErrUnexpectedEOF // where a document begins otherwise than STS's, the SDK reads on to its end
	case errors.As(err, &answer):
		return foreign, io.ErrUnexpectedEOF
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

// dialed is the address that no connection could be made to; "" when the trouble is another one. A proxy's is inside an error of its own.
func dialed(err error) string {
	for {
		var op *net.OpError
		if !errors.As(err, &op) {
			return ""
		}
		if op.Op == "dial" && op.Addr != nil {
			return op.Addr.String()
		}
		err = op.Err
	}
}

// badProxy is how net/http begins to say so.
const badProxy = "invalid proxy address"

// unsendable reports whether the SDK or net/http refused to make the call at all: a missing parameter, a broken URL.
func unsendable(err error) bool {
	var invalid *smithy.SerializationError
	var urlError *url.Error
	return errors.As(err, &invalid) || errors.As(err, &urlError) && urlError.Op == "parse" ||
		strings.Contains(err.Error(), "unsupported protocol scheme") || strings.Contains(err.Error(), badProxy) || strings.Contains(err.Error(), "ResolveEndpointV2")
}

// issuer names who issued the certificate that is not trusted, and the last of those that came with it.
func issuer(e *tls.CertificateVerificationError) string {
	if len(e.UnverifiedCertificates) == 0 {
		return ""
	}
	last := e.UnverifiedCertificates[len(e.UnverifiedCertificates)-1]
	return fmt.Sprintf(" (issuer %q)", last.Issuer.String())
}

// untrusted is the hint for a certificate that does not verify.
func (s Spec) untrusted(e *tls.CertificateVerificationError) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Err, &name):
		return "somebody else's certificate: " + s.endpointSetting() + " must name the host that the certificate is for, and no proxy may answer in its place"
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate is over or not valid yet: look at this node's clock (`date -u`), and then at whoever issued the certificate"
	case s.CABundle == "":
		return "a proxy that reads TLS, or a private endpoint, has a certificate authority of its own: mount that issuer's certificate as a PEM file, and set AWS_CA_BUNDLE (or ca_bundle in [default]) to it"
	}
	if _, err := Authorities(s.CABundle); err != nil {
		return clean(fmt.Sprintf("%s: %v; the system's certificate authorities do not have that issuer", s.CABundleFrom, err))
	}
	return fmt.Sprintf("that issuer's certificate is not in %q (%s), which takes the place of the system's certificate authorities: add it there", s.CABundle, s.CABundleFrom)
}

func (s Spec) endpointSetting() string {
	if s.STSEndpointFrom != "" {
		return s.STSEndpointFrom
	}
	return "AWS_ENDPOINT_URL_STS"
}

// refusedByProxy is the hint for a proxy's answer to CONNECT.
func (s Spec) refusedByProxy(e *proxyError) string {
	host := s.host()
	around := fmt.Sprintf(", or, where there is a way without the proxy (an interface VPC endpoint for sts), add %s to NO_PROXY", host)
	switch {
	case e.status == 407:
		return "the proxy asks for a user and a password: HTTPS_PROXY=http://user:password@host:port, with special characters escaped as in a URL" + around
	case e.status >= 500:
		return "the proxy could not reach " + host + s.fipsRegion() + ": ask whoever runs it" + around
	}
	return "the proxy's rules do not let this pod reach " + host + ": have it allowed there" + around
}

// fipsRegion names what may be wrong about a host that is nowhere.
func (s Spec) fipsRegion() string {
	if !s.FIPS || s.STSEndpoint != "" {
		return ""
	}
	return fmt.Sprintf(" (AWS_USE_FIPS_ENDPOINT asks for a FIPS endpoint, which STS may not have in %q)", s.region())
}
