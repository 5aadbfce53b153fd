package s3test_test

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/s3test"
)

// TestActions: each operation passes with the actions that IAM wants for it, and not with all others.
func TestActions(t *testing.T) {
	const bucket, object = "http://data.s3.eu-west-1.amazonaws.com/", "http://data.s3.eu-west-1.amazonaws.com/dir/key"
	copied := []string{"X-Amz-Copy-Source", "source/dir/a%20key"}
	digest := md5.Sum([]byte(deletion))
	known := []string{}
	cases := []struct {
		call
		actions string
	}{
		{call{url: bucket}, "s3:ListBucket"},
		{call{url: bucket + "?list-type=2&prefix=dir%2F&delimiter=%2F&max-keys=2&fetch-owner=false&x-id=ListObjectsV2"}, "s3:ListBucket"},
		{call{url: bucket + "?marker=a&encoding-type=url"}, "s3:ListBucket"},
		{call{url: bucket, method: "HEAD"}, "s3:ListBucket"},
		{call{url: bucket, method: "PUT"}, "s3:CreateBucket"},
		{call{url: bucket, method: "DELETE"}, "s3:DeleteBucket"},
		{call{url: bucket + "?location"}, "s3:GetBucketLocation"},
		{call{url: bucket + "?acl"}, "s3:GetBucketAcl"},
		{call{url: bucket + "?versioning"}, "s3:GetBucketVersioning"},
		{call{url: bucket + "?uploads&prefix=a"}, "s3:ListBucketMultipartUploads"},
		{call{url: bucket + "?versions"}, "s3:ListBucketVersions"},
		{call{url: bucket + "?delete", method: "POST", body: deletion, headers: []string{"Content-Md5", base64.StdEncoding.EncodeToString(digest[:])}}, "s3:DeleteObject"},
		{call{url: object}, "s3:GetObject"},
		{call{url: object, method: "HEAD"}, "s3:GetObject"},
		{call{url: object + "?versionId=1"}, "s3:GetObjectVersion"},
		{call{url: object, method: "PUT", body: "data"}, "s3:PutObject"},
		{call{url: object, method: "PUT", body: "data", headers: []string{"X-Amz-Acl", "private"}}, "s3:PutObject s3:PutObjectAcl"},
		{call{url: object, method: "PUT", body: "data", headers: []string{"X-Amz-Tagging", "a=b"}}, "s3:PutObject s3:PutObjectTagging"},
		{call{url: object, method: "PUT", headers: copied}, "s3:PutObject source:s3:GetObject"},
		// What the source was uploaded with; there is no body that it could be of.
		{call{url: object, method: "PUT", headers: slices.Concat(copied, []string{"Content-Md5", base64.StdEncoding.EncodeToString(digest[:])})}, "s3:PutObject source:s3:GetObject"},
		{call{url: object, method: "PUT", headers: []string{copied[0], copied[1] + "?versionId=3"}}, "s3:PutObject source:s3:GetObjectVersion"},
		{call{url: object + "?partNumber=1&uploadId=u", method: "PUT", headers: copied}, "s3:PutObject source:s3:GetObject"},
		{call{url: object, method: "DELETE"}, "s3:DeleteObject"},
		{call{url: object + "?versionId=1", method: "DELETE"}, "s3:DeleteObjectVersion"},
		{call{url: object + "?uploads", method: "POST"}, "s3:PutObject"},
		{call{url: object + "?partNumber=1&uploadId=u", method: "PUT", body: "data"}, "s3:PutObject"},
		{call{url: object + "?uploadId=u", method: "POST", body: "<CompleteMultipartUpload/>"}, "s3:PutObject"},
		{call{url: object + "?uploadId=u", method: "DELETE"}, "s3:AbortMultipartUpload"},
		{call{url: object + "?uploadId=u"}, "s3:ListMultipartUploadParts"},
	}
	for _, c := range cases {
		known = append(known, strings.Fields(c.actions)...)
	}
	grants := func(except string, actions []string) []s3test.Grant {
		var list []s3test.Grant
		for _, action := range actions {
			bucket := "data"
			if rest, ok := strings.CutPrefix(action, "source:"); ok {
				bucket, action = "source", rest
			}
			if bucket+action != except {
				list = append(list, s3test.Grant{Role: clientRole, Bucket: bucket, Actions: []string{action}})
			}
		}
		return list
	}
	for _, c := range cases {
		name := fmt.Sprintf("%s %s %v", or(c.method, "GET"), c.url, c.headers)
		actions := strings.Fields(c.actions)
		if _, _, e := newRig(t, nil, grants("", actions)...).do(c.call); e.Refused != "" || e.Action != actions[0] {
			t.Errorf("%s: %+v", name, e)
		}
		for _, action := range actions {
			except := "data" + action
			if rest, ok := strings.CutPrefix(action, "source:"); ok {
				except, action = "source"+rest, rest
			}
			r := newRig(t, nil, grants(except, known)...)
			if _, _, e := r.do(c.call); e.Refused != "AccessDenied" || !strings.Contains(e.Reason, "to perform: "+action+" on") {
				t.Errorf("%s without %s: %+v", name, action, e)
			}
			r.last(0)
		}
	}
}

const deletion = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>`

// TestNotImplemented: what is not in the table is refused by its name, whatever the role may do.
func TestNotImplemented(t *testing.T) {
	const bucket, object = "http://data.s3.eu-west-1.amazonaws.com/", "http://data.s3.eu-west-1.amazonaws.com/dir/key"
	r := newRig(t, nil, all...)
	for _, c := range []struct {
		call
		words string
	}{
		{call{url: bucket + "?policy"}, "GET on the bucket with ?policy="},
		{call{url: bucket + "?lifecycle", method: "PUT"}, "PUT on the bucket with ?lifecycle="},
		{call{url: bucket + "?list-type=2&acl"}, "GET on the bucket with ?acl=&list-type=2"},
		{call{url: bucket, method: "POST"}, "POST on the bucket"},
		{call{url: object + "?acl"}, "GET on the object with ?acl="},
		{call{url: object + "?tagging", method: "PUT"}, "PUT on the object with ?tagging="},
		{call{url: object + "?select&select-type=2", method: "POST"}, "POST on the object with ?select=&select-type=2"},
		{call{url: object + "?uploadId=u&versionId=1", method: "DELETE"}, "DELETE on the object with ?uploadId=u&versionId=1"},
		{call{url: object, method: "PATCH"}, "PATCH on the object"},
		{call{url: object, headers: []string{"X-Amz-Copy-Source", "a/b"}}, "GET on the object with x-amz-copy-source"},
	} {
		if _, _, e := r.do(c.call); e.Refused != "NotImplemented" || e.Status != 501 || !strings.HasSuffix(e.Reason, "not implemented: "+c.words) || e.Role != clientRole {
			t.Errorf("%s %s: %+v", or(c.method, "GET"), c.url, e)
		}
	}
	r.last(0)
}

// TestDeleteObjects: a denied key is an error of its own in an answer that is good.
func TestDeleteObjects(t *testing.T) {
	r := newRig(t, nil, all...)
	digest := md5.Sum([]byte(deletion))
	good := call{method: "POST", url: "http://data.s3.amazonaws.com/?delete", body: deletion, headers: []string{"Content-Md5", base64.StdEncoding.EncodeToString(digest[:])}}
	denied := good
	denied.key = r.session(jobRole)
	_, body, e := r.do(denied)
	for _, key := range []string{"a", "b&amp;c"} {
		if !strings.Contains(body, "<Error><Key>"+key+"</Key><Code>AccessDenied</Code><Message>User: ") {
			t.Errorf("%s is not in %s", key, body)
		}
	}
	if e.Refused != "AccessDenied" || e.Status != 200 {
		t.Errorf("%+v", e)
	}
	r.last(0)
	if _, body, _ := r.do(good); body != "stored" {
		t.Errorf("granted: %s", body)
	}
}
