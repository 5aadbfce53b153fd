package sigv4

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The two examples that the S3 API reference publishes for a body in signed chunks: 65 KiB of the letter a, in chunks of
// 64 KiB, put to examplebucket on 2013-05-24.
const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// An example is one of them, open to be spoilt.
type example struct {
	kind    string
	signed  string // SignedHeaders
	headers map[string]string
	seed    string
	chunk   []string // signatures
	trailer string   // as it is sent, up to the empty line
}

func plainExample() *example {
	return &example{
		kind:    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		signed:  "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
		headers: map[string]string{"Content-Length": "66824"},
		seed:    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
		chunk: []string{
			"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
			"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
			"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
		},
	}
}

func trailerExample() *example {
	return &example{
		kind:    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
		signed:  "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
		headers: map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32c"},
		seed:    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
		chunk: []string{
			"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
			"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
			"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		},
		trailer: "x-amz-checksum-crc32c:sOO8/Q==\r\n" +
			"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
	}
}

func (e *example) request(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequest("PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Encoding": "aws-chunked", "X-Amz-Content-Sha256": e.kind, "X-Amz-Date": "20130524T000000Z",
		"X-Amz-Decoded-Content-Length": "66560", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
		"Authorization": algorithm + " Credential=" + exampleKey + "/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + e.signed + ",Signature=" + e.seed,
	} {
		r.Header.Set(name, value)
	}
	for name, value := range e.headers {
		r.Header.Set(name, value)
	}
	return r
}

func (e *example) body() string {
	data := strings.Repeat("a", 66560)
	return fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n%s\r\n",
		e.chunk[0], data[:65536], e.chunk[1], data[65536:], e.chunk[2], e.trailer)
}

func exampleVerifier() *Verifier {
	return &Verifier{
		Service: "s3", Region: "us-east-1", S3: true,
		Now: func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) },
		Key: func(id string) (Key, bool) { return Key{Secret: exampleSecret}, id == exampleKey },
	}
}

func TestPublishedStreams(t *testing.T) {
	for _, e := range []*example{plainExample(), trailerExample()} {
		r, v := e.request(t), exampleVerifier()
		if id, err := v.Verify(r, []byte(e.body())); err != nil || id != exampleKey {
			t.Fatalf("%s: Verify = %q, %v", e.kind, id, err)
		}
		stream, err := v.Stream(r, []byte(e.body()))
		if err != nil {
			t.Fatalf("%s: %v", e.kind, err)
		}
		if !bytes.Equal(stream.Body, bytes.Repeat([]byte("a"), 66560)) || stream.Chunks != 3 {
			t.Errorf("%s: %d bytes in %d chunks", e.kind, len(stream.Body), stream.Chunks)
		}
		if got := stream.Trailer.Get("x-amz-checksum-crc32c"); e.trailer != "" && (got != "sOO8/Q==" || len(stream.Trailer) != 1) {
			t.Errorf("%s: trailer %v", e.kind, stream.Trailer)
		}
	}
}

// TestSpoiltStreams changes one thing in a published stream. Every change must be refused by Stream, whether or not
// Verify would have refused it before.
func TestSpoiltStreams(t *testing.T) {
	const mismatch, incomplete, malformed = "SignatureDoesNotMatch", "IncompleteBody", "MalformedTrailerError"
	replace := func(old, new string) func(string) string {
		return func(body string) string {
			spoilt := strings.Replace(body, old, new, 1)
			if spoilt == body {
				t.Fatalf("%.60q is not in the body", old)
			}
			return spoilt
		}
	}
	plain, trailer := plainExample(), trailerExample()
	for _, c := range []struct {
		name    string
		trailer bool
		headers map[string]string
		body    func(string) string
		code    string
	}{
		{name: "data of the first chunk", body: replace("aaaa", "aaab"), code: mismatch},
		{name: "data of the last chunk", body: replace("aaaa\r\n0;", "aaab\r\n0;"), code: mismatch},
		{name: "signature of the first chunk", body: replace(plain.chunk[0], plain.chunk[1]), code: mismatch},
		{name: "signature of the second chunk", body: replace(plain.chunk[1], plain.chunk[2]), code: mismatch},
		{name: "signature of the empty chunk", body: replace(plain.chunk[2], plain.seed), code: mismatch},
		{name: "no signature", body: replace("400;chunk-signature="+plain.chunk[1], "400"), code: incomplete},
		{name: "no second chunk", body: replace("400;chunk-signature="+plain.chunk[1]+"\r\n"+strings.Repeat("a", 1024)+"\r\n", ""), code: mismatch},
		{name: "second chunk twice", body: replace("400;", "400;chunk-signature="+plain.chunk[1]+"\r\n"+strings.Repeat("a", 1024)+"\r\n400;"), code: "InvalidChunkSizeError"},
		{name: "no empty chunk", body: replace("0;chunk-signature="+plain.chunk[2]+"\r\n\r\n", ""), code: incomplete},
		{name: "size", body: replace("400;", "3ff;"), code: incomplete},
		{name: "size beyond the end", body: replace("400;", "7fffffff;"), code: incomplete},
		{name: "no size", body: replace("400;", ";"), code: incomplete},
		{name: "negative size", body: replace("400;", "-400;"), code: incomplete},
		{name: "no end", body: func(b string) string { return strings.TrimSuffix(b, "\r\n") }, code: incomplete},
		{name: "more behind the end", body: func(b string) string { return b + "a" }, code: incomplete},
		{name: "trailer that is not part of the kind", body: func(b string) string { return strings.TrimSuffix(b, "\r\n") + trailer.trailer + "\r\n" }, code: incomplete},
		{name: "empty", body: func(string) string { return "" }, code: incomplete},
		{name: "decoded length", headers: map[string]string{"X-Amz-Decoded-Content-Length": "66561"}, code: incomplete},
		{name: "no decoded length", headers: map[string]string{"X-Amz-Decoded-Content-Length": ""}, code: "MissingContentLength"},
		{name: "unknown kind", headers: map[string]string{"X-Amz-Content-Sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, code: "InvalidArgument"},
		{name: "another date", headers: map[string]string{"X-Amz-Date": "20130524T000001Z"}, code: mismatch},

		{name: "trailer's value", trailer: true, body: replace("sOO8/Q==", "sOO8/A=="), code: mismatch},
		{name: "trailer's signature", trailer: true, body: replace("signature:d81f", "signature:d81e"), code: mismatch},
		{name: "no trailer signature", trailer: true, body: func(b string) string { return b[:strings.Index(b, "x-amz-trailer-signature")] + "\r\n" }, code: mismatch},
		{name: "line behind the trailer's signature", trailer: true, body: func(b string) string { return strings.TrimSuffix(b, "\r\n") + "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n" }, code: malformed},
		{name: "trailer not announced", trailer: true, headers: map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32"}, code: malformed},
		{name: "trailer announced but not sent", trailer: true, headers: map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32c,x-amz-checksum-sha1"}, code: malformed},
		{name: "trailer twice", trailer: true, body: replace("x-amz-checksum-crc32c:sOO8/Q==\r\n", "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n"), code: malformed},
		{name: "no colon in the trailer", trailer: true, body: replace("x-amz-checksum-crc32c:", "x-amz-checksum-crc32c"), code: malformed},
		{name: "trailer without an end", trailer: true, body: func(b string) string { return strings.TrimSuffix(b, "\r\n") }, code: malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := plainExample()
			if c.trailer {
				e = trailerExample()
			}
			r, body := e.request(t), e.body()
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
			if c.body != nil {
				body = c.body(body)
			}
			stream, err := exampleVerifier().Stream(r, []byte(body))
			var refused *Error
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Cause != WrongStream {
				t.Errorf("Stream = %v, %v, want %s", stream != nil, err, c.code)
			}
			if stream != nil {
				t.Error("there is a body beside the refusal")
			}
		})
	}
}

// TestUnsignedStream has the framing that SDKs use over TLS: no signatures, the checksum behind the chunks.
func TestUnsignedStream(t *testing.T) {
	const good = "6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
	for body, code := range map[string]string{
		good: "",
		strings.Replace(good, "5\r\n", "4\r\n", 1):                                                 "IncompleteBody",
		strings.Replace(good, "5\r\n", "5;chunk-signature="+plainExample().seed+"\r\n", 1):         "IncompleteBody",
		strings.Replace(good, "5\r\nworld\r\n", "", 1):                                             "IncompleteBody", // decoded length
		strings.Replace(good, "x-amz-checksum-crc32:DUoRhQ==\r\n", "", 1):                          "MalformedTrailerError",
		strings.Replace(good, "crc32:DUoRhQ==", "crc32:DUoRhQ==\r\nx-amz-trailer-signature:00", 1): "MalformedTrailerError",
		good + "\r\n": "IncompleteBody",
	} {
		e := trailerExample()
		e.kind, e.headers = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": "11"}
		stream, err := exampleVerifier().Stream(e.request(t), []byte(body))
		var refused *Error
		switch {
		case code == "" && (err != nil || string(stream.Body) != "hello world" || stream.Chunks != 0 || stream.Trailer.Get("X-Amz-Checksum-Crc32") != "DUoRhQ=="):
			t.Errorf("%q: %+v, %v", body, stream, err)
		case code != "" && (!errors.As(err, &refused) || refused.Code != code):
			t.Errorf("%q: %v, want %s", body, err, code)
		}
	}
}

// TestHeaderNotSigned: S3 refuses an X-Amz- header that anybody could have added.
func TestHeaderNotSigned(t *testing.T) {
	e := plainExample()
	r := e.request(t)
	r.Header.Set("X-Amz-Copy-Source", "/another/object")
	var refused *Error
	if _, err := exampleVerifier().Verify(r, nil); !errors.As(err, &refused) || refused.Cause != HeaderNotSigned {
		t.Errorf("Verify = %v", err)
	}
}
