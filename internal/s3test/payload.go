package s3test

import (
	"encoding/hex"
	"net/http"
	"strings"

	"rolechain/internal/ststest/sigv4"
)

// payloadKind reads X-Amz-Content-Sha256 into the journal's word for it. S3 wants it on every request but a presigned one.
func payloadKind(q *request) (string, error) {
	switch claimed := q.http.Header.Get("X-Amz-Content-Sha256"); claimed {
	case "":
		if strings.HasPrefix(q.http.Header.Get("Authorization"), "AWS4-") {
			return "none", refuse(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
		}
		return "none", nil
	case "UNSIGNED-PAYLOAD":
		return "unsigned", nil
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		return "streaming", nil
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		return "streaming-trailer", nil
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		return "unsigned-trailer", nil
	default:
		if sum, err := hex.DecodeString(claimed); err != nil || len(sum) != 32 {
			return "", refuse(http.StatusBadRequest, "InvalidArgument",
				"x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "+
					"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
		}
		return "signed", nil
	}
}

// checkPayload takes a body out of its chunks and compares it with every checksum that came with it. A checksum from
// the trailer becomes a header, for the backend.
func (q *request) checkPayload(v *sigv4.Verifier) error {
	header := q.http.Header
	switch q.entry.Payload {
	case "streaming", "streaming-trailer", "unsigned-trailer":
		stream, err := v.Stream(q.http, q.body)
		if err != nil {
			return err
		}
		q.body, q.entry.Chunks = stream.Body, stream.Chunks
		for name := range stream.Trailer {
			header.Set(name, stream.Trailer.Get(name))
		}
	default:
		if strings.Contains(strings.ToLower(header.Get("Content-Encoding")), "aws-chunked") {
			return refuse(http.StatusBadRequest, "InvalidArgument",
				"A body in aws-chunked needs an x-amz-content-sha256 that begins with STREAMING-")
		}
	}
	found, err := q.checkSums()
	if err != nil {
		return err
	}
	if !found && q.s3.name == "DeleteObjects" {
		return refuse(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	return nil
}
