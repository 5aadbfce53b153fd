package s3test_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolechain/internal/s3test"
)

// TestAddresses: every form of a bucket's address comes to the same bucket and key, asked of the backend by path.
func TestAddresses(t *testing.T) {
	r := newRig(t, nil, all...)
	n := 0
	for _, host := range []string{
		"http://data.s3.eu-west-1.amazonaws.com", "http://data.s3.eu-west-1.amazonaws.com:8080", "http://data.s3.amazonaws.com",
		"http://data.s3-eu-west-1.amazonaws.com", "http://data.s3.dualstack.eu-west-1.amazonaws.com", "http://s3.eu-west-1.amazonaws.com/data",
		"http://s3.amazonaws.com/data", r.url + "/data", "http://localhost/data",
	} {
		n++
		_, body, e := r.do(call{url: host + "/dir/a%20b%2Bc%3D%C3%A4?versionId=1&x-id=GetObject", headers: []string{"User-Agent", "an SDK"}})
		if body != "stored" || e.Refused != "" || e.Service != "s3" || e.Bucket != "data" || e.Key != "dir/a b+c=ä" || e.Agent != "an SDK" {
			t.Errorf("%s: %q, %+v", host, body, e)
		}
		if got := r.last(n).target; got != "/data/dir/a%20b%2Bc%3D%C3%A4?versionId=1" {
			t.Errorf("%s: the backend was asked for %s", host, got)
		}
	}
}

// TestSession: the journal knows whose key it was, and for how long.
func TestSession(t *testing.T) {
	r := newRig(t, nil, append(all, s3test.Grant{Role: userARN, Bucket: "data", Actions: []string{"s3:GetObject"}})...)
	key := r.session(clientRole)
	session, _ := r.sts.Lookup(key.AccessKeyID)
	_, _, e := r.do(call{key: key})
	if e.KeyID != key.AccessKeyID || e.Role != clientRole || e.SessionName != "pod" || !e.Expires.Equal(session.Expires) || e.Time.IsZero() || e.Action != "s3:GetObject" {
		t.Errorf("session: %+v", e)
	}
	if _, _, e = r.do(call{key: alice}); e.Refused != "" || e.Role != userARN || !e.Expires.IsZero() {
		t.Errorf("user: %+v", e)
	}
	got := r.last(2).header
	if got.Get("X-Amz-Security-Token") != "" || strings.Contains(got.Get("Authorization"), alice.AccessKeyID) || !strings.Contains(got.Get("Authorization"), "/eu-west-1/s3/") {
		t.Errorf("the backend got %v", got)
	}
}

func TestS3Refusals(t *testing.T) {
	edit := func(name, old, new string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, strings.Replace(r.Header.Get(name), old, new, 1)) }
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, c := range []struct {
		name string
		call
		late   time.Duration
		status int
		code   string
		words  string
		nobody bool // the key is nobody's, or cannot be read
	}{
		{name: "anonymous", call: call{spoil: func(r *http.Request) { r.Header = http.Header{} }}, status: 403, code: "AccessDenied", words: "Access Denied", nobody: true},
		{name: "signature version 2", call: call{spoil: set("Authorization", "AWS AKIA:sig")}, status: 400, code: "InvalidRequest", words: "Please use AWS4-HMAC-SHA256.", nobody: true},
		{name: "signature", call: call{spoil: edit("Authorization", "Signature=", "Signature=0")}, status: 403, code: "SignatureDoesNotMatch", words: "The request signature we calculated"},
		{name: "another key of the bucket", call: call{spoil: func(r *http.Request) { r.URL.Path = "/dir/other" }}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "another method", call: call{spoil: func(r *http.Request) { r.Method = "DELETE" }}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "another bucket", call: call{spoil: func(r *http.Request) { r.URL.Host = "other.s3.eu-west-1.amazonaws.com"; r.Host = "" }}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "added parameter", call: call{spoil: func(r *http.Request) { r.URL.RawQuery = "versionId=1" }}, status: 403, code: "SignatureDoesNotMatch"},
		{name: "added header", call: call{method: "PUT", spoil: set("X-Amz-Copy-Source", "/data/secret")}, status: 403, code: "AccessDenied", words: "were not signed: x-amz-copy-source"},
		{name: "unknown key", call: call{key: aws.Credentials{AccessKeyID: "ASIANOBODY", SecretAccessKey: "x", SessionToken: "y"}}, status: 403, code: "InvalidAccessKeyId", nobody: true},
		{name: "malformed", call: call{spoil: edit("Authorization", "Credential=", "Other=")}, status: 400, code: "AuthorizationHeaderMalformed", nobody: true},
		{name: "scope", call: call{service: "sqs", headers: []string{"X-Amz-Content-Sha256", sum("")}}, status: 400, code: "AuthorizationHeaderMalformed", words: "correct service: 's3'"},
		{name: "region", call: call{region: "us-east-1"}, status: 400, code: "AuthorizationHeaderMalformed", words: "the region 'us-east-1' is wrong; expecting 'eu-west-1'"},
		{name: "region of the host", call: call{url: "http://data.s3.us-east-1.amazonaws.com/key", region: "us-east-1"}, status: 301, code: "PermanentRedirect"},
		{name: "clock", call: call{at: time.Now().Add(-time.Hour)}, status: 403, code: "RequestTimeTooSkewed"},
		{name: "session is over", late: 7 * time.Hour, status: 400, code: "ExpiredToken", words: "The provided token has expired."},
		{name: "body", call: call{method: "PUT", body: "other", payload: sum("body")}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "role", call: call{url: "http://other.s3.eu-west-1.amazonaws.com/a/b"}, status: 403, code: "AccessDenied",
			words: `User: arn:aws:sts::444455556666:assumed-role/client/pod is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::other/a/b" because no identity-based policy allows the s3:GetObject action`},
		{name: "buckets", call: call{url: "http://s3.eu-west-1.amazonaws.com/"}, status: 403, code: "AccessDenied", words: `s3:ListAllMyBuckets on resource: "arn:aws:s3:::*"`},
		{name: "not S3", call: call{url: "http://sns.eu-west-1.amazonaws.com/"}, status: 501, code: "NotImplemented", words: "sns.eu-west-1.amazonaws.com", nobody: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, all...)
			out := r.request(c.call)
			if r.late = c.late; c.late > 0 {
				c.at = time.Now().Add(c.late)
				out = r.request(c.call)
			}
			key := strings.TrimPrefix(strings.Split(out.Header.Get("Authorization"), "/")[0], "AWS4-HMAC-SHA256 Credential=")
			response, body, e := r.send(out)
			if response.StatusCode != c.status || !strings.Contains(body, "<Error><Code>"+c.code+"</Code><Message>") || response.Header.Get("Content-Type") != "application/xml" {
				t.Errorf("answer: %d %s", response.StatusCode, body)
			}
			if e.Refused != c.code || !strings.Contains(e.Reason, c.words) {
				t.Errorf("journal: %+v", e)
			}
			if !c.nobody && (e.KeyID != key || e.Role != clientRole) || c.nobody && e.Role != "" {
				t.Errorf("the journal puts it down to %s, %s", e.KeyID, e.Role)
			}
			if wrongRegion := c.name == "region" || c.name == "region of the host"; wrongRegion != (response.Header.Get("X-Amz-Bucket-Region") == region) {
				t.Errorf("X-Amz-Bucket-Region: %q", response.Header.Get("X-Amz-Bucket-Region"))
			}
			if c.words != "" && !strings.Contains(body, c.words) {
				t.Errorf("%q is not in %s", c.words, body)
			}
			r.last(0)
			for _, secret := range r.sts.Secrets() {
				if strings.Contains(body+e.Reason, secret) {
					t.Error("there is a secret in the answer or the journal")
				}
			}
		})
	}
}

// TestToken: a temporary key without its token does not exist, with another one it is invalid.
func TestToken(t *testing.T) {
	r := newRig(t, nil, all...)
	key := r.session(clientRole)
	key.SessionToken = ""
	if _, _, e := r.do(call{key: key}); e.Refused != "InvalidAccessKeyId" || e.Status != 403 || e.Role != clientRole {
		t.Errorf("none: %+v", e)
	}
	key.SessionToken = r.session(clientRole).SessionToken
	if _, _, e := r.do(call{key: key}); e.Refused != "InvalidToken" || e.Status != 400 {
		t.Errorf("another: %+v", e)
	}
	r.last(0)
}

// TestHead: an answer to HEAD has a status and nothing else.
func TestHead(t *testing.T) {
	r := newRig(t, nil, all...)
	if _, body, e := r.do(call{method: "HEAD", key: r.session(jobRole)}); body != "" || e.Status != 403 || e.Refused != "AccessDenied" || e.Action != "s3:GetObject" {
		t.Errorf("refused: %q %+v", body, e)
	}
	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "12345") })
	if response, _, _ := r.do(call{method: "HEAD"}); response.ContentLength != 12345 {
		t.Errorf("passed: length %d", response.ContentLength)
	}
}

// TestMissingObject: who may not list must not learn that an object is not there.
func TestMissingObject(t *testing.T) {
	for _, c := range []struct {
		actions []string
		code    string // of the backend
		refused string
	}{
		{[]string{"s3:GetObject"}, "NoSuchKey", "AccessDenied"},
		{[]string{"s3:GetObject", "s3:ListBucket"}, "NoSuchKey", ""},
		{[]string{"s3:GetObject"}, "NoSuchBucket", ""},
	} {
		r := newRig(t, nil, s3test.Grant{Role: clientRole, Bucket: "data", Actions: c.actions})
		answer := "<Error><Code>" + c.code + "</Code></Error>"
		r.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			io.WriteString(w, answer)
		})
		if _, body, e := r.do(call{}); e.Refused != c.refused || (body == answer) != (c.refused == "") {
			t.Errorf("%v, %s: %+v %s", c.actions, c.code, e, body)
		}
	}
}

// TestRoots: moto's name for the root of an answer becomes AWS's.
func TestRoots(t *testing.T) {
	r := newRig(t, nil, all...)
	complete := call{method: "POST", url: "http://data.s3.amazonaws.com/key?uploadId=u", body: "<CompleteMultipartUpload/>"}
	for _, c := range []struct {
		call
		backend, want string
	}{
		{complete, `<CompleteMultipartUploadResponse xmlns="x"><Key>CompleteMultipartUploadResponse</Key></CompleteMultipartUploadResponse>`,
			`<CompleteMultipartUploadResult xmlns="x"><Key>CompleteMultipartUploadResponse</Key></CompleteMultipartUploadResult>`},
		{call{url: "http://data.s3.amazonaws.com/?list-type=2"}, "<ListObjectsV2Response/>", "<ListBucketResult/>"},
		{call{url: "http://data.s3.amazonaws.com/"}, "<ListBucketResult/>", "<ListBucketResult/>"},
		{call{}, "<GetObjectResponse/>", "<GetObjectResponse/>"}, // an object's content
	} {
		r.answers(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.backend) })
		if response, body, e := r.do(c.call); body != c.want || response.ContentLength != int64(len(c.want)) || e.Refused != "" {
			t.Errorf("%s: %s %+v", c.url, body, e)
		}
	}
}

// TestPresigned: the query's signature is checked as the header's is, and does not reach the backend.
func TestPresigned(t *testing.T) {
	for _, c := range []struct {
		name    string
		add     string
		late    time.Duration
		refused string
	}{
		{name: "good"},
		{name: "spoilt", add: "&partNumber=1", refused: "SignatureDoesNotMatch"},
		{name: "over", late: 2 * time.Minute, refused: "AccessDenied"},
	} {
		r := newRig(t, nil, all...)
		out, err := http.NewRequest("GET", "http://data.s3.eu-west-1.amazonaws.com/key?X-Amz-Expires=60&response-content-type=a", nil)
		if err != nil {
			t.Fatal(err)
		}
		uri, _, err := v4.NewSigner().PresignHTTP(t.Context(), r.session(clientRole), out, "UNSIGNED-PAYLOAD", "s3", region, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		r.late = c.late
		if out, err = http.NewRequest("GET", uri+c.add, nil); err != nil {
			t.Fatal(err)
		}
		_, _, e := r.send(out)
		if e.Refused != c.refused || e.Role != clientRole {
			t.Errorf("%s: %+v", c.name, e)
		}
		if c.refused == "" && r.last(1).target != "/data/key?response-content-type=a" {
			t.Errorf("the backend was asked for %s", r.last(1).target)
		}
	}
}
