package s3test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// s3Roots has the root elements of S3's answers. Moto calls some of them by the operation's name and Response; Java's
// SDK of version 1 then finds nothing in them, and fails a multipart upload at its end.
var s3Roots = map[string]string{
	"ListBuckets":             "ListAllMyBucketsResult",
	"GetBucketLocation":       "LocationConstraint",
	"GetBucketAcl":            "AccessControlPolicy",
	"GetBucketVersioning":     "VersioningConfiguration",
	"ListMultipartUploads":    "ListMultipartUploadsResult",
	"ListObjectVersions":      "ListVersionsResult",
	"ListObjectsV2":           "ListBucketResult",
	"ListObjects":             "ListBucketResult",
	"DeleteObjects":           "DeleteResult",
	"CreateMultipartUpload":   "InitiateMultipartUploadResult",
	"CompleteMultipartUpload": "CompleteMultipartUploadResult",
	"ListParts":               "ListPartsResult",
}

// renameRoot gives the answer to an operation the root element that AWS gives it.
func renameRoot(response *http.Response, operation string) error {
	root := s3Roots[operation]
	if root == "" || response.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the backend's answer: %w", err)
	}
	for _, tag := range []string{"<", "</"} {
		body = bytes.Replace(body, []byte(tag+operation+"Response"), []byte(tag+root), 1)
	}
	replace(response, body)
	return nil
}
