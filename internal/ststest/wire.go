package ststest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rolechain/internal/ststest/sigv4"
)

const (
	apiVersion = "2011-06-15"
	namespace  = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// A refusal is an error as AWS answers it.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// asRefusal turns what the layers below say into an answer.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	var s *sigv4.Error
	if errors.As(err, &s) {
		return &refusal{s.Status, s.Code, s.Message}
	}
	return &refusal{http.StatusInternalServerError, "InternalFailure", "We encountered an internal error. Please try again."}
}

type xmlError struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

type xmlMetadata struct {
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type xmlCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string `xml:"SecretAccessKey"`
	SessionToken    string `xml:"SessionToken"`
	Expiration      string `xml:"Expiration"` // 2026-01-02T03:04:05Z, whole seconds
}

type xmlAssumedRole struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	ARN           string `xml:"Arn"`
}

type xmlAssumeRole struct {
	XMLName          xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
	Credentials      xmlCredentials `xml:"AssumeRoleResult>Credentials"`
	User             xmlAssumedRole `xml:"AssumeRoleResult>AssumedRoleUser"`
	PackedPolicySize int            `xml:"AssumeRoleResult>PackedPolicySize,omitempty"` // percent
	SourceIdentity   string         `xml:"AssumeRoleResult>SourceIdentity,omitempty"`
	xmlMetadata
}

type xmlWebIdentity struct {
	XMLName          xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleWithWebIdentityResponse"`
	Subject          string         `xml:"AssumeRoleWithWebIdentityResult>SubjectFromWebIdentityToken"`
	Audience         string         `xml:"AssumeRoleWithWebIdentityResult>Audience"`
	User             xmlAssumedRole `xml:"AssumeRoleWithWebIdentityResult>AssumedRoleUser"`
	Credentials      xmlCredentials `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	Provider         string         `xml:"AssumeRoleWithWebIdentityResult>Provider"`
	PackedPolicySize int            `xml:"AssumeRoleWithWebIdentityResult>PackedPolicySize,omitempty"`
	xmlMetadata
}

type xmlCallerIdentity struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN     string   `xml:"GetCallerIdentityResult>Arn"`
	UserID  string   `xml:"GetCallerIdentityResult>UserId"`
	Account string   `xml:"GetCallerIdentityResult>Account"`
	xmlMetadata
}

type xmlAccessKeyInfo struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetAccessKeyInfoResponse"`
	Account string   `xml:"GetAccessKeyInfoResult>Account"`
	xmlMetadata
}

func onWire(c Credentials) xmlCredentials {
	return xmlCredentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Expires.UTC().Format(time.RFC3339)}
}

// errorBody is the answer to a refused request.
func errorBody(r *refusal, requestID string) []byte {
	kind := "Sender"
	if r.status >= 500 {
		kind = "Receiver"
	}
	return body(xmlError{Type: kind, Code: r.code, Message: r.message, RequestID: requestID})
}

// body writes v as AWS lays it out: two blanks a level, a line end at the end.
func body(v any) []byte {
	out, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // our own structs: cannot fail
	}
	return append(out, '\n')
}

func send(w http.ResponseWriter, status int, requestID string, body []byte) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// members reads a list from a query API's parameters: name.member.1, name.member.2 and so on, up to the first gap.
func members[T any](params map[string]string, name string, read func(prefix string) T) []T {
	var list []T
	for i := 1; ; i++ {
		prefix := name + ".member." + strconv.Itoa(i)
		found := false
		for key := range params {
			if key == prefix || strings.HasPrefix(key, prefix+".") {
				found = true
				break
			}
		}
		if !found {
			return list
		}
		list = append(list, read(prefix))
	}
}
