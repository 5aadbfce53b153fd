package s3test_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// chunked is data in aws-chunked framing with signatures that follow from the signature of out, and its trailer lines.
// Whether the gate is right is for the published examples in package sigv4 to say; here it has to be asked at all.
func chunked(out *http.Request, secret, data string, size int, trailer string) string {
	_, seed, _ := strings.Cut(out.Header.Get("Authorization"), "Signature=")
	date := out.Header.Get("X-Amz-Date")
	scope := []string{date[:8], region, "s3", "aws4_request"}
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + secret)
	for _, part := range scope {
		key = mac(key, part)
	}
	next := func(kind string, hashes ...string) string {
		lines := append([]string{kind, date, strings.Join(scope, "/"), seed}, hashes...)
		seed = hex.EncodeToString(mac(key, strings.Join(lines, "\n")))
		return seed
	}
	var b strings.Builder
	for {
		chunk := data[:min(size, len(data))]
		data = data[len(chunk):]
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n", len(chunk), next("AWS4-HMAC-SHA256-PAYLOAD", sum(""), sum(chunk)))
		if chunk == "" {
			break
		}
		b.WriteString(chunk + "\r\n")
	}
	if trailer != "" {
		b.WriteString(trailer + "\r\nx-amz-trailer-signature:" + next("AWS4-HMAC-SHA256-TRAILER", sum(trailer+"\n")) + "\r\n")
	}
	return b.String() + "\r\n"
}

// TestStreams: a body in chunks reaches the backend as what it is, a spoilt one does not.
func TestStreams(t *testing.T) {
	data := strings.Repeat("0123456789", 3000)
	const crc = "x-amz-checksum-crc32c:94vmBg==" // of data
	for _, c := range []struct {
		name    string
		payload string
		size    int    // of a chunk; 0: unsigned
		trailer string // its line
		spoil   func(string) string
		kind    string
		chunks  int
		refused string
	}{
		{name: "signed", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", size: 8192, kind: "streaming", chunks: 5},
		{name: "signed, one byte", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", size: 8192, kind: "streaming", refused: "SignatureDoesNotMatch",
			spoil: func(b string) string { return strings.Replace(b, "0123456789\r\n0;", "0123456780\r\n0;", 1) }},
		{name: "small chunks", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", size: 8191, kind: "streaming", refused: "InvalidChunkSizeError"},
		{name: "signed trailer", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", size: 65536, trailer: crc, kind: "streaming-trailer", chunks: 2},
		{name: "signed trailer, wrong sum", payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", size: 65536, trailer: "x-amz-checksum-crc32c:AAAAAA==", kind: "streaming-trailer", chunks: 2, refused: "BadDigest"},
		{name: "unsigned trailer", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer: crc, kind: "unsigned-trailer"},
		{name: "unsigned trailer, one byte", payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", trailer: crc, kind: "unsigned-trailer", refused: "BadDigest",
			spoil: func(b string) string { return strings.Replace(b, "0123456789", "0123456780", 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, all...)
			key := r.session(clientRole)
			headers := []string{"Content-Encoding", "aws-chunked,gzip", "X-Amz-Decoded-Content-Length", fmt.Sprint(len(data))}
			if c.trailer != "" {
				headers = append(headers, "X-Amz-Trailer", "x-amz-checksum-crc32c")
			}
			// The signature covers the length, which does not depend on it.
			body := fmt.Sprintf("%x\r\n%s\r\n0\r\n%s\r\n\r\n", len(data), data, c.trailer)
			if c.size > 0 {
				fake := &http.Request{Header: http.Header{"X-Amz-Date": {"20060102T150405Z"}}}
				body = chunked(fake, "", data, c.size, c.trailer)
			}
			out := r.request(call{method: "PUT", body: body, payload: c.payload, headers: headers, key: key})
			if c.size > 0 {
				body = chunked(out, key.SecretAccessKey, data, c.size, c.trailer)
			}
			if c.spoil != nil {
				body = c.spoil(body)
			}
			setBody(out, body)
			_, answer, e := r.send(out)
			if e.Refused != c.refused || e.Payload != c.kind || e.Chunks != c.chunks {
				t.Fatalf("%+v %s", e, answer)
			}
			if c.refused != "" {
				r.last(0)
				return
			}
			got := r.last(1)
			if got.body != data || got.header.Get("Content-Length") != fmt.Sprint(len(data)) || got.header.Get("Content-Encoding") != "gzip" ||
				got.header.Get("X-Amz-Content-Sha256") != "UNSIGNED-PAYLOAD" || got.header.Get("X-Amz-Decoded-Content-Length")+got.header.Get("X-Amz-Trailer") != "" {
				t.Errorf("the backend got %d bytes, %v", len(got.body), got.header)
			}
			if name, value, ok := strings.Cut(c.trailer, ":"); ok && (got.header.Get(name) != value || got.header.Get("X-Amz-Sdk-Checksum-Algorithm") != "CRC32C") {
				t.Errorf("the backend did not get the checksum: %v", got.header)
			}
		})
	}
}

// TestChecksums: every checksum in a header is compared, by all algorithms but one that S3 calls XXHash.
func TestChecksums(t *testing.T) {
	// Of "123456789"; the CRCs are the check values of their catalogue entries.
	for name, value := range map[string]string{
		"Content-Md5":              "JfnnlDI7RTiF9RgfG2JNCw==",
		"X-Amz-Checksum-Crc32":     "y/Q5Jg==",
		"X-Amz-Checksum-Crc32c":    "4waSgw==",
		"X-Amz-Checksum-Crc64nvme": "rosUhgp5mIg=",
		"X-Amz-Checksum-Md5":       "JfnnlDI7RTiF9RgfG2JNCw==",
		"X-Amz-Checksum-Sha1":      "98O8HYCOBHMq32eZZczDTKeuNEE=",
		"X-Amz-Checksum-Sha256":    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
		"X-Amz-Checksum-Sha512":    "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==",
	} {
		r := newRig(t, nil, all...)
		put := call{method: "PUT", body: "123456789", headers: []string{name, value}}
		if _, answer, e := r.do(put); e.Refused != "" {
			t.Errorf("%s: %s", name, answer)
		}
		put.body = "123456780"
		if _, _, e := r.do(put); e.Refused != "BadDigest" || e.Status != 400 {
			t.Errorf("%s of another body: %+v", name, e)
		}
		put.headers[1] = "AA=="
		if _, _, e := r.do(put); e.Refused != "InvalidDigest" {
			t.Errorf("odd %s: %+v", name, e)
		}
		r.last(1)
	}
	// That of a whole object, at the end of its parts, is not the body's.
	r := newRig(t, nil, all...)
	if _, _, e := r.do(call{method: "POST", url: "http://data.s3.amazonaws.com/key?uploadId=u", body: "<CompleteMultipartUpload/>", headers: []string{"X-Amz-Checksum-Crc32", "AAAAAA=="}}); e.Refused != "" {
		t.Errorf("%+v", e)
	}
}

// TestPlainPayloads: a hashed and an unsigned body arrive, and aws-chunked without a stream is refused.
func TestPlainPayloads(t *testing.T) {
	r := newRig(t, nil, all...)
	if _, _, e := r.do(call{method: "PUT", body: "data"}); e.Payload != "signed" || r.last(1).body != "data" {
		t.Errorf("%+v", e)
	}
	if _, _, e := r.do(call{method: "PUT", body: "data", payload: "UNSIGNED-PAYLOAD"}); e.Payload != "unsigned" || r.last(2).body != "data" {
		t.Errorf("%+v", e)
	}
	if _, _, e := r.do(call{method: "PUT", body: "data", headers: []string{"Content-Encoding", "aws-chunked"}}); e.Refused != "InvalidArgument" {
		t.Errorf("%+v", e)
	}
	r.last(2)
}
