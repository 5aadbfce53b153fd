package s3test

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rolechain/internal/ststest/sigv4"
)

// An s3Operation is one row of the table: how an operation is recognised, and what IAM calls it.
type s3Operation struct {
	name   string
	method string
	on     level
	sub    string // the query parameter that selects it; "" for none
	copies bool   // it has X-Amz-Copy-Source
	action string // with versionId, the versioned actions' name ends in Version
	takes  string // the query parameters that it may have besides, separated by blanks
}

type level int

const (
	onService level = iota
	onBucket
	onObject
)

// Every client may add x-id, the operation's name.
var s3Operations = []s3Operation{
	{"ListBuckets", "GET", onService, "", false, "s3:ListAllMyBuckets", "max-buckets continuation-token prefix bucket-region"},

	{"CreateBucket", "PUT", onBucket, "", false, "s3:CreateBucket", ""},
	{"DeleteBucket", "DELETE", onBucket, "", false, "s3:DeleteBucket", ""},
	{"HeadBucket", "HEAD", onBucket, "", false, "s3:ListBucket", ""},
	{"GetBucketLocation", "GET", onBucket, "location", false, "s3:GetBucketLocation", ""},
	{"GetBucketAcl", "GET", onBucket, "acl", false, "s3:GetBucketAcl", ""},
	{"GetBucketVersioning", "GET", onBucket, "versioning", false, "s3:GetBucketVersioning", ""},
	{"ListMultipartUploads", "GET", onBucket, "uploads", false, "s3:ListBucketMultipartUploads",
		"prefix delimiter encoding-type key-marker max-uploads upload-id-marker"},
	{"ListObjectVersions", "GET", onBucket, "versions", false, "s3:ListBucketVersions",
		"prefix delimiter encoding-type key-marker max-keys version-id-marker"},
	{"ListObjectsV2", "GET", onBucket, "list-type", false, "s3:ListBucket",
		"prefix delimiter encoding-type max-keys continuation-token start-after fetch-owner"},
	{"ListObjects", "GET", onBucket, "", false, "s3:ListBucket", "prefix delimiter encoding-type max-keys marker"},
	{"DeleteObjects", "POST", onBucket, "delete", false, "s3:DeleteObject", ""},

	{"GetObject", "GET", onObject, "", false, "s3:GetObject", "versionId partNumber " +
		"response-cache-control response-content-disposition response-content-encoding " +
		"response-content-language response-content-type response-expires"},
	{"HeadObject", "HEAD", onObject, "", false, "s3:GetObject", "versionId partNumber response-content-type"},
	{"PutObject", "PUT", onObject, "", false, "s3:PutObject", ""},
	{"CopyObject", "PUT", onObject, "", true, "s3:PutObject", ""},
	{"DeleteObject", "DELETE", onObject, "", false, "s3:DeleteObject", "versionId"},
	{"CreateMultipartUpload", "POST", onObject, "uploads", false, "s3:PutObject", ""},
	{"UploadPart", "PUT", onObject, "uploadId", false, "s3:PutObject", "partNumber"},
	{"UploadPartCopy", "PUT", onObject, "uploadId", true, "s3:PutObject", "partNumber"},
	{"CompleteMultipartUpload", "POST", onObject, "uploadId", false, "s3:PutObject", ""},
	{"AbortMultipartUpload", "DELETE", onObject, "uploadId", false, "s3:AbortMultipartUpload", ""},
	{"ListParts", "GET", onObject, "uploadId", false, "s3:ListMultipartUploadParts", "max-parts part-number-marker encoding-type"},
}

// An s3Call is what a request asks of S3.
type s3Call struct {
	s3Operation
	needs   []need
	missing []need   // without these a missing object is not told: the answer is that of a denied one
	keys    []string // of a multi-object delete
}

// authParameters are the query's part in a presigned request.
var authParameters = []string{
	"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
	"X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token",
}

// answerS3 checks in the order of AWS: the signature, then the permission.
func (g *Gate) answerS3(q *request) (*http.Response, error) {
	call, unknown := readS3(q)
	q.s3 = call
	if call != nil {
		q.entry.Action = call.needs[0].action
	}
	v := &sigv4.Verifier{Service: "s3", Region: g.options.Region, S3: true}
	bucket, described := g.bucket(q.place.bucket)
	region := g.options.Region
	if described && bucket.Region != "" {
		region = bucket.Region
	}
	elsewhere := q.place.region != "" && q.place.region != region
	if elsewhere {
		v.Region = q.place.region
	} else if v.Region = region; described && q.place.region == "" {
		// Under a loopback address the scope says which region's host is meant.
		if at := scopeRegion(q.http); at != region {
			v.Region, elsewhere = at, true
		}
	}
	if q.place.bucket == "" || call != nil && call.name == "CreateBucket" {
		v.Region = "" // at the global endpoint these two are us-east-1's, whatever the region
	}
	if err := g.verify(q, v); err != nil {
		return nil, g.s3Refusal(q, err)
	}
	if elsewhere {
		return nil, &refusal{status: http.StatusMovedPermanently, code: "PermanentRedirect", region: region,
			message: "The bucket you are attempting to access must be addressed using the specified endpoint. " +
				"Please send all future requests to this endpoint."}
	}
	if unknown != nil {
		return nil, unknown
	}
	if err := q.unchunk(); err != nil {
		return nil, err
	}
	if call.name == "DeleteObjects" {
		if err := q.readDelete(); err != nil {
			return nil, err
		}
	}
	if err := g.open(q, bucket, described); err != nil {
		return nil, err
	}
	if err := g.permit(q, call.needs...); err != nil {
		if denied := asRefusal(err); call.keys != nil { // each key for itself, and the request as a whole well
			denied.status, denied.keys = http.StatusOK, call.keys
		}
		return nil, err
	}
	if err := g.permitKey(q, bucket); err != nil {
		return nil, err
	}
	response, err := g.forwardS3(q)
	if err == nil && described {
		response.Header.Set("X-Amz-Bucket-Region", region)
		if call.on == onObject && bucket.Key != "" && response.StatusCode < 300 {
			response.Header.Set("X-Amz-Server-Side-Encryption", "aws:kms")
			response.Header.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", bucket.Key)
		}
	}
	if err == nil && response.StatusCode == http.StatusNotFound && !noSuchBucket(response) {
		err = g.permit(q, call.missing...)
	}
	if err == nil {
		err = renameRoot(response, call.name)
	}
	if err != nil && response != nil {
		response.Body.Close()
	}
	return response, err
}

// readS3 recognises the operation; the error is a NotImplemented that names what was asked.
func readS3(q *request) (*s3Call, error) {
	p := q.place
	on := onObject
	switch {
	case p.bucket == "":
		on = onService
	case p.key == "":
		on = onBucket
	}
	copied := q.http.Header.Get("X-Amz-Copy-Source")
	for _, o := range s3Operations {
		if o.method != q.http.Method || o.on != on || o.copies != (copied != "") || o.sub != "" && !q.query.Has(o.sub) {
			continue
		}
		known := append(strings.Fields(o.takes), "x-id", o.sub)
		for name := range q.query {
			if !slices.Contains(known, name) && !slices.Contains(authParameters, name) {
				known = nil
			}
		}
		if known != nil {
			return o.call(q, copied)
		}
	}
	what := q.http.Method + " on the " + [...]string{"service", "bucket", "object"}[on]
	if asked := maps.Clone(q.query); len(asked) > 0 {
		for _, name := range authParameters {
			delete(asked, name)
		}
		what += " with ?" + asked.Encode()
	}
	if copied != "" {
		what += " with x-amz-copy-source"
	}
	return nil, refuse(http.StatusNotImplemented, "NotImplemented",
		"A header or query you provided implies functionality that is not implemented: %s", what)
}

// call works out what a role needs for it.
func (o s3Operation) call(q *request, copied string) (*s3Call, error) {
	p := q.place
	target := need{action: o.action, bucket: p.bucket, resource: "arn:aws:s3:::" + p.bucket}
	switch {
	case o.on == onService:
		target.resource = "arn:aws:s3:::*"
	case o.on == onObject:
		target.resource += "/" + p.key
		if q.query.Has("versionId") {
			target.action += "Version"
		}
	}
	call := &s3Call{s3Operation: o, needs: []need{target}}
	list := func(bucket string) need {
		return need{action: "s3:ListBucket", bucket: bucket, resource: "arn:aws:s3:::" + bucket}
	}
	if o.action == "s3:GetObject" {
		call.missing = []need{list(p.bucket)}
	}
	if o.copies {
		path, version, versioned := strings.Cut(copied, "?versionId=")
		source, err := url.PathUnescape(path)
		bucket, key, found := strings.Cut(strings.TrimPrefix(source, "/"), "/")
		if err != nil || !found || bucket == "" || key == "" || versioned && version == "" {
			return nil, refuse(http.StatusBadRequest, "InvalidArgument",
				"Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
		}
		get := need{action: "s3:GetObject", bucket: bucket, resource: "arn:aws:s3:::" + bucket + "/" + key}
		if versioned {
			get.action += "Version"
		}
		call.needs = append(call.needs, get)
		call.missing = []need{list(bucket)}
	}
	for header := range q.http.Header {
		action := ""
		switch {
		case header == "X-Amz-Acl", strings.HasPrefix(header, "X-Amz-Grant-"):
			action = "s3:PutObjectAcl"
		case header == "X-Amz-Tagging":
			action = "s3:PutObjectTagging"
		}
		if action != "" && o.on == onObject {
			call.needs = append(call.needs, need{action: action, bucket: p.bucket, resource: target.resource})
		}
	}
	return call, nil
}

// readDelete takes the keys out of a multi-object delete.
func (q *request) readDelete() error {
	var asked struct {
		XMLName xml.Name `xml:"Delete"`
		Object  []struct{ Key, VersionId string }
	}
	if err := xml.Unmarshal(q.body, &asked); err != nil || len(asked.Object) == 0 || len(asked.Object) > 1000 {
		return refuse(http.StatusBadRequest, "MalformedXML",
			"The XML you provided was not well-formed or did not validate against our published schema")
	}
	for _, object := range asked.Object {
		q.s3.keys = append(q.s3.keys, object.Key)
		if versioned := q.s3.action + "Version"; object.VersionId != "" && len(q.s3.needs) == 1 {
			resource := "arn:aws:s3:::" + q.place.bucket + "/" + object.Key
			q.s3.needs = append(q.s3.needs, need{action: versioned, bucket: q.place.bucket, resource: resource})
		}
	}
	q.s3.needs[0].resource += "/" + q.s3.keys[0]
	return nil
}
