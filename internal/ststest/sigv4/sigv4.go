// Package sigv4 checks requests signed with AWS Signature Version 4, as the service at the other end does.
//
// It never signs: the canonical request is built from what the client says it signed (its own SignedHeaders), because
// the SDKs differ in that. Java v1 signs User-Agent and the SDK's own headers, botocore only what the service needs.
// Both forms are checked: the Authorization header and the presigned query.
//
// The rules are those of "Signature Version 4" in the IAM User Guide; the values of the published test suite in
// awslabs/aws-c-auth are the test. The error codes and words are those of the query services (STS, SQS, IAM).
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	isoBasic   = "20060102T150405Z"
)

// An Error is a refusal in the service's own words.
type Error struct {
	Status  int    // HTTP status: 400 or 403
	Code    string // such as SignatureDoesNotMatch
	Message string // holds no secret: a header is quoted as its hash, as AWS does
	Cause   Cause  // for a service that has other codes and words
	Region  string // the region that the request names, when that is the Cause
}

// A Cause says what is wrong with a request.
type Cause string

const (
	NotSigned       Cause = "not signed"           // no AWS signature at all
	Malformed       Cause = "malformed"            // a signature that cannot be read
	WrongScope      Cause = "scope"                // date, service or terminator of the scope, or host not signed
	WrongRegion     Cause = "region"               // region of the scope
	Skewed          Cause = "clock"                // X-Amz-Date is too far off
	Over            Cause = "presigned and over"   // X-Amz-Date is older than S3's X-Amz-Expires
	UnknownKey      Cause = "unknown key"          // nobody's
	WrongToken      Cause = "token"                // another token than the key's, or none
	Expired         Cause = "expired"              // the key has ended
	WrongPayload    Cause = "payload"              // X-Amz-Content-Sha256 is not the body's
	HeaderNotSigned Cause = "header is not signed" // S3: an X-Amz- header
	WrongSignature  Cause = "signature"            // does not match
)

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// A Key is what the service knows of one access key.
type Key struct {
	Secret  string
	Token   string    // the session token that must come with a temporary key; empty for a long-lived one
	Expires time.Time // when a temporary key ends; zero for never
}

// A Verifier checks signatures for one service.
type Verifier struct {
	Service string                               // the service in the credential scope, such as "sts"
	Region  string                               // the region in the credential scope; empty takes any
	Skew    time.Duration                        // how far X-Amz-Date may be off; zero means AWS's 15 minutes
	Now     func() time.Time                     // nil means time.Now
	Key     func(accessKeyID string) (Key, bool) // looks a key up; false when there is none

	// S3 takes S3's rules where they differ: the path counts as sent (decoded, then encoded once, no segment removed),
	// a payload hash of UNSIGNED-PAYLOAD or STREAMING-… in X-Amz-Content-Sha256 is believed, every X-Amz- header must be
	// signed, and a presigned request lives for its X-Amz-Expires. Elsewhere the path on the wire is encoded once more, the
	// hash is that of the body, and a presigned request lives for Skew, whatever its X-Amz-Expires (so does STS).
	S3 bool
	// KeepPath leaves ".", ".." and empty segments in the path. Zero removes them, as every service but S3 does.
	KeepPath bool
}

// Verify returns the access key id that signed r, whose body was body. The error is always an *Error; the id comes
// with it as far as it could be read, so that a refusal can be put down to somebody.
func (v *Verifier) Verify(r *http.Request, body []byte) (string, error) {
	s, err := read(r)
	if err != nil {
		return "", err
	}
	now := time.Now()
	if v.Now != nil {
		now = v.Now()
	}
	if err := v.checkScope(s); err != nil {
		return s.keyID, err
	}
	if err := v.checkAge(s, now.UTC()); err != nil {
		return s.keyID, err
	}
	key, ok := v.Key(s.keyID)
	if !ok || subtle.ConstantTimeCompare([]byte(key.Token), []byte(s.token)) != 1 {
		cause := WrongToken
		if !ok {
			cause = UnknownKey
		}
		return s.keyID, &Error{http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.", cause, ""}
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return s.keyID, &Error{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired", Expired, ""}
	}
	if v.S3 {
		if err := s.checkHeaders(r); err != nil {
			return s.keyID, err
		}
	}
	payload, err := v.payload(r, s, body)
	if err != nil {
		return s.keyID, err
	}
	want := s.sign(key.Secret, canonical(r, s, v.path(r), payload))
	if subtle.ConstantTimeCompare([]byte(want), []byte(s.signature)) != 1 {
		return s.keyID, mismatch(WrongSignature, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return s.keyID, nil
}

func mismatch(cause Cause, format string, args ...any) *Error {
	return &Error{http.StatusForbidden, "SignatureDoesNotMatch", fmt.Sprintf(format, args...), cause, ""}
}

func (v *Verifier) checkScope(s *signed) error {
	date := s.at.Format("20060102")
	switch {
	case v.Region != "" && s.region != v.Region, s.region == "":
		err := mismatch(WrongRegion, "Credential should be scoped to a valid region. ")
		err.Region = s.region
		return err
	case s.service != v.Service:
		return mismatch(WrongScope, "Credential should be scoped to correct service: '%s'. ", v.Service)
	case s.term != terminator:
		return mismatch(WrongScope, "Credential should be scoped with a valid terminator: '%s', not '%s'. ", terminator, s.term)
	case s.date != date:
		return mismatch(WrongScope, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			s.date, date, s.at.Format(isoBasic))
	case !slices.Contains(s.headers, "host"):
		return mismatch(WrongScope, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

func (v *Verifier) checkAge(s *signed, now time.Time) error {
	skew := v.Skew
	if skew == 0 {
		skew = 15 * time.Minute
	}
	past, cause := skew, Skewed
	if v.S3 && s.presigned {
		past, cause = s.lifetime, Over
	}
	minutes := func(d time.Duration) string { return fmt.Sprintf("%g min.", d.Minutes()) }
	if oldest := now.Add(-past); s.at.Before(oldest) {
		return mismatch(cause, "Signature expired: %s is now earlier than %s (%s - %s)",
			s.at.Format(isoBasic), oldest.Format(isoBasic), now.Format(isoBasic), minutes(past))
	}
	if newest := now.Add(skew); s.at.After(newest) {
		return mismatch(Skewed, "Signature not yet current: %s is still later than %s (%s + %s)",
			s.at.Format(isoBasic), newest.Format(isoBasic), now.Format(isoBasic), minutes(skew))
	}
	return nil
}

// payload is the last line of the canonical request. A client that sends X-Amz-Content-Sha256 must send the right one.
func (v *Verifier) payload(r *http.Request, s *signed, body []byte) (string, error) {
	received := hash(body)
	claimed := r.Header.Get("X-Amz-Content-Sha256")
	if v.S3 && s.presigned && claimed == "" {
		return "UNSIGNED-PAYLOAD", nil
	}
	if v.S3 && (claimed == "UNSIGNED-PAYLOAD" || strings.HasPrefix(claimed, "STREAMING-")) {
		return claimed, nil
	}
	// Iceberg's signer, which has this header written by the Java SDK's way for checksums, sends the hash in base64; it signs the
	// one in hexadecimal.
	if sum := sha256.Sum256(body); !v.S3 && claimed == base64.StdEncoding.EncodeToString(sum[:]) {
		return received, nil
	}
	if claimed != "" && claimed != received {
		return "", mismatch(WrongPayload, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return received, nil
}

// checkHeaders finds an X-Amz- header that the signature does not cover, which S3 refuses.
func (s *signed) checkHeaders(r *http.Request) error {
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(s.headers, name) {
			return mismatch(HeaderNotSigned, "There were headers present in the request which were not signed: %s", name)
		}
	}
	return nil
}

func (s *signed) sign(secret, canonical string) string {
	return s.mac(s.key(secret), algorithm, hash([]byte(canonical)))
}

// scope is the credential scope, the key id left out.
func (s *signed) scope() string {
	return strings.Join([]string{s.date, s.region, s.service, s.term}, "/")
}

// key is the signing key of the scope.
func (s *signed) key(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, s.term} {
		key = hmacOf(key, part)
	}
	return key
}

// mac is the signature of a string to sign: what is signed, date and scope, and then the lines that it has of its own.
func (s *signed) mac(key []byte, kind string, lines ...string) string {
	toSign := append([]string{kind, s.at.Format(isoBasic), s.scope()}, lines...)
	return hex.EncodeToString(hmacOf(key, strings.Join(toSign, "\n")))
}

func hmacOf(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// quoted is how AWS names a header in a refusal without repeating it.
func quoted(header string) string {
	sum := sha256.Sum256([]byte(header))
	return "(Hashed with SHA-256 and encoded with Base64) Authorization=" + base64.StdEncoding.EncodeToString(sum[:])
}
