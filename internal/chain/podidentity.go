package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds an answer, in bytes. STS's has some 2 KB; a session token may have 16 KiB.
const maxAnswer = 64 << 10

// newAgent returns the client for Pod Identity's agent. It lives on the node: no proxy has a part in it.
func newAgent(transport http.RoundTripper) *http.Client { return newHTTP(transport, nil, "") }

// agentAddresses are where the agent of EKS Pod Identity listens on every node (EKS user guide), and the one of ECS,
// which AWS SDKs take too.
var agentAddresses = []netip.Addr{
	netip.AddrFrom4([4]byte{169, 254, 170, 23}),
	netip.MustParseAddr("fd00:ec2::23"),
	netip.AddrFrom4([4]byte{169, 254, 170, 2}),
}

// A uriError says that no token is sent to that URI. It does not repeat the URI, which could carry a password.
type uriError struct{ problem string }

func (e *uriError) Error() string { return "the credentials URI " + e.problem }

// checkURI allows what AWS SDKs do, so that nobody gets the pod's token by setting a variable: any host by https, by
// http only the agents' addresses and the loopback interface.
func checkURI(uri string) error {
	u, err := url.Parse(uri)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return &uriError{"is not a URI of the form http://host/path"}
	}
	host := u.Hostname()
	if u.Scheme == "https" || u.Scheme == "http" && host == "localhost" {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if u.Scheme == "http" && err == nil {
		ip = ip.Unmap()
		for _, agent := range agentAddresses {
			if ip == agent {
				return nil
			}
		}
		if ip.IsLoopback() {
			return nil
		}
	}
	return &uriError{fmt.Sprintf("leads to %q, which is neither an agent's address, nor loopback, nor https", host)}
}

// An agentError is what the agent answered instead of a session.
type agentError struct {
	status        int
	code, message string // code is "" when it named none
}

func (e *agentError) Error() string { return e.code + ": " + e.message }

// podIdentity is EKS Pod Identity's first hop: the container-credentials protocol.
func (c *Chain) podIdentity(ctx context.Context) (Session, error) {
	if err := checkURI(c.spec.ContainerURI); err != nil {
		return Session{}, err
	}
	token, err := readToken(ctx, c.spec.ContainerTokenFile)
	if err != nil {
		return Session{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.spec.ContainerURI, nil)
	if err != nil {
		return Session{}, &uriError{"is not a URI of the form http://host/path"}
	}
	request.Header.Set("Authorization", token)
	request.Header.Set("Accept", "application/json")
	response, err := c.agent.Do(request)
	if err != nil {
		return Session{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Session{}, err
	case len(body) > maxAnswer:
		return Session{}, &agentError{status: response.StatusCode, message: fmt.Sprintf("the answer is longer than %d bytes", maxAnswer)}
	case response.StatusCode != http.StatusOK:
		return Session{}, agentRefusal(response.StatusCode, body)
	}
	var answer struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      time.Time
	}
	if json.Unmarshal(body, &answer) != nil { // its error could quote a secret
		return Session{}, errors.New("the agent's answer is not the JSON of a session")
	}
	return Session{AccessKeyID: answer.AccessKeyID, SecretAccessKey: answer.SecretAccessKey, SessionToken: answer.Token, Expires: answer.Expiration}, nil
}

// agentRefusal reads both forms of an error: the protocol's JSON with code and message, and what EKS's agent writes,
// "[request id]: (Code): message, fault: client" (aws/eks-pod-identity-agent, pkg/errors).
func agentRefusal(status int, body []byte) error {
	e := &agentError{status: status}
	var object struct{ Code, Message string } // field names match in any case
	if json.Unmarshal(body, &object) == nil && object.Code+object.Message != "" {
		e.code, e.message = object.Code, object.Message
		return e
	}
	text := strings.TrimSpace(string(body))
	if before, rest, found := strings.Cut(text, "("); found && (before == "" || strings.HasPrefix(before, "[")) {
		if code, message, found := strings.Cut(rest, "): "); found && !strings.ContainsAny(code, " (") {
			e.code, text = code, message
		}
	}
	e.message, _, _ = strings.Cut(text, ", fault: ")
	if e.message == "" {
		e.message = http.StatusText(status)
	}
	return e
}
