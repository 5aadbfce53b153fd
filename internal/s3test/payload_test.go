package s3test_test

import (
	"strings"
	"testing"
)

// TestChunks: a body in chunks reaches the backend as what it is, signed or not, with the trailer's checksum as a header;
// one that is cut off does not.
func TestChunks(t *testing.T) {
	const crc = "x-amz-checksum-crc32c"
	for _, c := range []struct {
		name, payload, body, refused string
		trailer                      bool
	}{
		{name: "signed", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", body: "4;chunk-signature=a\r\ndata\r\n2;chunk-signature=b\r\n\r\n\r\n0;chunk-signature=c\r\n\r\n"},
		{name: "trailer", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body: "4\r\ndata\r\n2\r\n\r\n\r\n0\r\n" + crc + ":sum\r\n\r\n", trailer: true},
		{name: "short chunk", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body: "5\r\ndata\r\n0\r\n\r\n", refused: "IncompleteBody"},
		{name: "no size", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body: "data", refused: "IncompleteBody"},
		{name: "no end", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body: "4\r\ndata\r\n", refused: "IncompleteBody"},
	} {
		r := newRig(t, nil, all...)
		_, _, e := r.do(call{method: "PUT", body: c.body, payload: c.payload, headers: []string{"Content-Encoding", "aws-chunked,gzip", "X-Amz-Decoded-Content-Length", "6"}})
		if e.Refused != c.refused {
			t.Errorf("%s: %+v", c.name, e)
		}
		if c.refused != "" {
			r.last(0)
			continue
		}
		got := r.last(1)
		if got.body != "data\r\n" || got.header.Get("Content-Encoding") != "gzip" || got.header.Get("X-Amz-Content-Sha256") != "UNSIGNED-PAYLOAD" ||
			got.header.Get("X-Amz-Decoded-Content-Length")+got.header.Get("X-Amz-Trailer") != "" {
			t.Errorf("%s: the backend got %q, %v", c.name, got.body, got.header)
		}
		if name := got.header.Get("X-Amz-Sdk-Checksum-Algorithm"); c.trailer && (got.header.Get(crc) != "sum" || !strings.EqualFold(name, "crc32c")) {
			t.Errorf("%s: the backend did not get the checksum: %v", c.name, got.header)
		}
	}
}
