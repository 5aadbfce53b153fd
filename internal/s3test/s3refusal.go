package s3test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"rolechain/internal/ststest/sigv4"
)

type xmlS3Error struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Region    string `xml:",omitempty"`
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}

type xmlDeleteResult struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Errors  []xmlDeleteError
}

type xmlDeleteError struct {
	XMLName xml.Name `xml:"Error"`
	Key     string
	Code    string
	Message string
}

func (r *refusal) writeS3(w http.ResponseWriter, q *request) {
	w.Header().Set("X-Amz-Request-Id", q.id)
	if region := cmp.Or(r.region, q.region); region != "" {
		w.Header().Set("X-Amz-Bucket-Region", region)
	}
	var answer any = xmlS3Error{Code: r.code, Message: r.message, Region: r.region, RequestID: q.id, HostID: q.id}
	if r.keys != nil {
		result := xmlDeleteResult{}
		for _, key := range r.keys {
			result.Errors = append(result.Errors, xmlDeleteError{Key: key, Code: r.code, Message: r.message})
		}
		answer = result
	}
	body, err := xml.Marshal(answer)
	if err != nil {
		panic(err) // our own structs: cannot fail
	}
	// AWS leaves quotes as they are. Java's SDK of version 1 keeps of a message only what stands behind its last escape.
	body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("&#34;"), []byte(`"`)), []byte("&#39;"), []byte("'"))
	respond(w, q, r.status, "application/xml", append([]byte(xml.Header), body...))
}

// s3Refusal gives a refusal of the verifier, whose words are those of the query services, S3's code and words.
func (g *Gate) s3Refusal(q *request, err error) error {
	var s *sigv4.Error
	if !errors.As(err, &s) {
		return err
	}
	presigned := q.query.Has("X-Amz-Algorithm")
	switch s.Cause {
	case sigv4.NotSigned:
		if strings.HasPrefix(q.http.Header.Get("Authorization"), "AWS ") || q.query.Has("AWSAccessKeyId") {
			return refuse(http.StatusBadRequest, "InvalidRequest",
				"The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
		}
		return refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	case sigv4.WrongRegion:
		return &refusal{status: http.StatusBadRequest, code: malformedCode(presigned), region: g.options.Region,
			message: "The authorization header is malformed; the region '" + s.Region + "' is wrong; expecting '" + g.options.Region + "'"}
	case sigv4.Malformed, sigv4.WrongScope:
		return refuse(http.StatusBadRequest, malformedCode(presigned), "The authorization header is malformed; %s", s.Message)
	case sigv4.Skewed:
		return refuse(http.StatusForbidden, "RequestTimeTooSkewed",
			"The difference between the request time and the current time is too large.")
	case sigv4.Over:
		return refuse(http.StatusForbidden, "AccessDenied", "Request has expired")
	case sigv4.WrongToken:
		if q.http.Header.Get("X-Amz-Security-Token") != "" || q.query.Has("X-Amz-Security-Token") {
			return refuse(http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
		}
		fallthrough // a temporary key without its token is one that does not exist
	case sigv4.UnknownKey:
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case sigv4.Expired:
		return refuse(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	case sigv4.WrongPayload:
		return refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "%s", s.Message)
	case sigv4.HeaderNotSigned:
		return refuse(http.StatusForbidden, "AccessDenied", "%s", s.Message)
	case sigv4.WrongSignature:
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	return err
}

func malformedCode(presigned bool) string {
	if presigned {
		return "AuthorizationQueryParametersError"
	}
	return "AuthorizationHeaderMalformed"
}
