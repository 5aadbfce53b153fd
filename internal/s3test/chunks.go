package s3test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// unchunk takes the body out of S3's aws-chunked framing, "<size in hex>[;extension]\r\n<data>\r\n" up to an empty chunk,
// and turns the trailer's lines into headers. Signatures of chunks and checksums are the SDKs' own business: they say
// nothing about the role, which the request's signature names.
func (q *request) unchunk() error {
	if !strings.HasPrefix(q.http.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return nil
	}
	var body []byte
	for rest := q.body; ; {
		head, after, ok := bytes.Cut(rest, []byte("\r\n"))
		digits, _, _ := strings.Cut(string(head), ";")
		size, err := strconv.ParseUint(digits, 16, 31)
		if !ok || err != nil || size > 0 && (uint64(len(after)) < size+2 || string(after[size:size+2]) != "\r\n") {
			return refuse(http.StatusBadRequest, incompleteBody, "The request body terminated unexpectedly")
		}
		if size == 0 {
			for line := range strings.SplitSeq(string(after), "\r\n") {
				if name, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(name, checksumPrefix) {
					q.http.Header.Set(name, strings.TrimSpace(value))
				}
			}
			q.body = body
			return nil
		}
		body, rest = append(body, after[:size]...), after[size+2:]
	}
}

// checksumPrefix begins the names of S3's checksums, as headers and in a trailer.
const checksumPrefix = "x-amz-checksum-"
