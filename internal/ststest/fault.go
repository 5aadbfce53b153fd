package ststest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A FaultKind is what goes wrong.
type FaultKind string

const (
	Throttle           FaultKind = "throttle"            // 400 Throttling
	InternalFailure    FaultKind = "internal-failure"    // 500
	ServiceUnavailable FaultKind = "service-unavailable" // 503
	IDPCommunication   FaultKind = "idp-communication"   // 400 IDPCommunicationError, only for AssumeRoleWithWebIdentity
	ExpiredToken       FaultKind = "expired-token"       // the signer's key, or the web identity token, has expired
	AccessDenied       FaultKind = "access-denied"       // as if a policy had been changed, the one of Policy if there is one
	PastExpiration     FaultKind = "past-expiration"     // success, but the new key expired an hour ago
	Short              FaultKind = "short"               // success, but the new key lives for LifetimeSeconds only
	WrongXML           FaultKind = "wrong-xml"           // 200 with another document, as a proxy in between answers
	Huge               FaultKind = "huge"                // 200 and 64 MiB of a document that never comes to its keys
	Slow               FaultKind = "slow"                // the right answer after DelaySeconds
	Reset              FaultKind = "reset"               // no answer, the connection is reset
	Hang               FaultKind = "hang"                // no answer until the client goes or the server closes
	Truncate           FaultKind = "truncate"            // half of the right answer under its full Content-Length
	TruncateChunked    FaultKind = "truncate-chunked"    // half of the right answer, chunked, without the last chunk
)

// FaultKinds are all of them.
var FaultKinds = []FaultKind{Throttle, InternalFailure, ServiceUnavailable, IDPCommunication, ExpiredToken, AccessDenied, PastExpiration, Short, WrongXML, Huge,
	Slow, Reset, Hang, Truncate, TruncateChunked}

// PolicyKinds are AWS's names for the kinds of policies that it blames for a refusal (IAM user guide, "Troubleshoot access
// denied error messages").
var PolicyKinds = []string{"identity-based policy", "resource-based policy", "permissions boundary", "session policy", "service control policy",
	"resource control policy", "VPC endpoint policy"}

// A Fault is scripted trouble. It meets the requests that match Action and Role, in order: Skip of them pass, the next
// Times are hit. Of several faults the one that was injected first counts.
type Fault struct {
	Kind         FaultKind `json:"kind"`
	Action       string    `json:"action,omitempty"`        // "AssumeRole"; empty means every action
	Role         string    `json:"role,omitempty"`          // role ARN asked for, with * and ?; empty means any, or none
	Skip         int       `json:"skip,omitempty"`          // how many pass first
	Times        int       `json:"times,omitempty"`         // how many are hit; 0 means until ClearFaults
	DelaySeconds float64   `json:"delay_seconds,omitempty"` // for Slow

	LifetimeSeconds int `json:"lifetime_seconds,omitempty"` // for Short

	Policy string `json:"policy,omitempty"` // for AccessDenied: one of PolicyKinds, which AWS blames; empty means that it names none
	Deny   bool   `json:"deny,omitempty"`   // the policy has a Deny, instead of no Allow
}

// Inject adds a fault to the script. It fails on a kind that does not exist.
func (s *Server) Inject(f Fault) error {
	if !slices.Contains(FaultKinds, f.Kind) {
		return fmt.Errorf("injecting fault: %q is not a kind of fault", f.Kind)
	}
	if f.Policy != "" && (f.Kind != AccessDenied || !slices.Contains(PolicyKinds, f.Policy)) || f.Deny && f.Policy == "" {
		return fmt.Errorf("injecting fault %s: a policy is for %s, and one of %q", f.Kind, AccessDenied, PolicyKinds)
	}
	if f.Skip < 0 || f.Times < 0 || f.DelaySeconds < 0 {
		return fmt.Errorf("injecting fault %s: a number is negative", f.Kind)
	}
	if (f.LifetimeSeconds > 0) != (f.Kind == Short) {
		return fmt.Errorf("injecting fault %s: a lifetime is for %s, which needs one", f.Kind, Short)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	s.faults = append(s.faults, &f)
	return nil
}

// Faults lists the faults that are still to come.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Fault{}
	for _, f := range s.faults {
		if f.Times != 0 {
			f := *f
			f.Times = max(f.Times, 0)
			list = append(list, f)
		}
	}
	return list
}

// ClearFaults ends every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// nextFault takes the fault that this request meets; its zero value is none.
func (s *Server) nextFault(action, role string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		switch {
		case f.Times == 0, f.Kind == IDPCommunication && action != "AssumeRoleWithWebIdentity",
			f.Action != "" && f.Action != action, f.Role != "" && !like([]string{f.Role}, role):
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times > 0 {
				f.Times--
			}
			return *f
		}
	}
	return Fault{}
}

func (f Fault) delay() time.Duration { return time.Duration(f.DelaySeconds * float64(time.Second)) }

func (f Fault) cutsOff() bool { return f.Kind == Reset || f.Kind == Hang }

// refusalOf is the error that a fault answers with, or nil.
func (s *Server) refusalOf(f Fault, q *request) error {
	webIdentity := q.params["Action"] == "AssumeRoleWithWebIdentity"
	switch f.Kind {
	case Throttle:
		return refuse(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case InternalFailure:
		return refuse(http.StatusInternalServerError, "InternalFailure", "We encountered an internal error. Please try again.")
	case ServiceUnavailable:
		return refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "Service is unable to handle request.")
	case IDPCommunication:
		return refuse(http.StatusBadRequest, "IDPCommunicationError", "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.")
	case ExpiredToken:
		if webIdentity {
			now := s.options.Now().Unix()
			return refuse(http.StatusBadRequest, "ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", now, now-1)
		}
		return refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	case AccessDenied:
		if webIdentity && f.Policy == "" {
			return webIdentityDenied()
		}
		c := caller{arn: "anonymous"} // which AWS calls whoever has not signed
		if !webIdentity {
			var err error
			if c, err = s.authenticate(q); err != nil {
				return err
			}
		}
		if f.Policy != "" {
			action := "sts:" + q.params["Action"]
			return refuse(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s %s", c.arn, action, q.params["RoleArn"], Because(f.Policy, f.Deny, action))
		}
		return authorize(c, "sts:"+q.params["Action"], Role{ARN: q.params["RoleArn"]}, false, nil)
	}
	return nil
}

// Because is what AWS adds to a refusal of an action: that a kind of policy (see PolicyKinds) has a Deny, or that none allows it.
func Because(policy string, deny bool, action string) string {
	switch {
	case !deny:
		return "because no " + policy + " allows the " + action + " action"
	case strings.HasPrefix(policy, "i"):
		return "with an explicit deny in an " + policy
	}
	return "with an explicit deny in a " + policy
}

// cutOff ends a connection without an answer.
func (s *Server) cutOff(w http.ResponseWriter, r *http.Request, f Fault) {
	if f.Kind == Hang {
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
	} else if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) // unsent data is dropped and the peer gets a RST
		}
		conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

// truncate sends half of an answer and cuts the connection.
func truncate(w http.ResponseWriter, requestID string, out []byte, chunked bool) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("Content-Type", "text/xml")
	if !chunked {
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	}
	w.Write(out[:len(out)/2])
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// foreign is what a proxy answers in somebody else's place.
const foreign = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Sign in</title></head><body><p>Sign in to the network.</p></body></html>
`

const hugeSize = 64 << 20

// sendHuge sends an answer that begins as AWS's and goes on with a key id that does not end, until the client has enough.
func sendHuge(w http.ResponseWriter, requestID, action string) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%sResponse xmlns=%q><%sResult><Credentials><AccessKeyId>", action, namespace, action)
	piece := bytes.Repeat([]byte("A"), 64<<10)
	for sent := 0; sent < hugeSize; sent += len(piece) {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}
