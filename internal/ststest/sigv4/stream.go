package sigv4

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// minChunk is the least that a chunk of a signed stream must have, in bytes. Only the last one with data may have less.
const minChunk = 8 << 10

// A Stream is a request body in S3's aws-chunked framing, taken apart.
type Stream struct {
	Body    []byte      // the chunks' data, joined
	Chunks  int         // chunks whose signature was verified, the empty one at the end too
	Trailer http.Header // what came behind the chunks, without the signature of it
}

// Stream decodes the body of a request that Verify has let pass and whose X-Amz-Content-Sha256 begins with STREAMING-.
// The signatures of the chunks form a chain that begins with the request's own; each is verified, and so is that of the
// trailer. The unsigned form has the framing only. The error is always an *Error, with S3's codes.
//
// The rules are those of "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks"
// in the S3 API reference, and of its page on trailing headers.
func (v *Verifier) Stream(r *http.Request, body []byte) (*Stream, error) {
	s, err := read(r)
	if err != nil {
		return nil, err
	}
	c := &chain{signed: s, rest: body, previous: s.signature}
	kind := r.Header.Get("X-Amz-Content-Sha256")
	switch kind {
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		key, _ := v.Key(s.keyID)
		c.key = s.key(key.Secret)
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
	default:
		return nil, wrong(http.StatusBadRequest, "InvalidArgument",
			"x-amz-content-sha256 has a kind of stream that is not known: "+kind)
	}
	want, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || want < 0 {
		return nil, wrong(http.StatusLengthRequired, "MissingContentLength",
			"You must provide the x-amz-decoded-content-length HTTP header.")
	}
	stream := &Stream{}
	if stream.Body, stream.Chunks, err = c.chunks(); err != nil {
		return nil, err
	}
	if got := int64(len(stream.Body)); got != want {
		return nil, wrong(http.StatusBadRequest, "IncompleteBody",
			fmt.Sprintf("You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header: %d, not %d", got, want))
	}
	if strings.HasSuffix(kind, "-TRAILER") {
		stream.Trailer, err = c.trailer(r.Header.Get("X-Amz-Trailer"))
	} else if line, ok := c.line(); !ok || line != "" {
		err = broken("the last chunk has no end")
	}
	if err == nil && len(c.rest) > 0 {
		err = broken("there is more behind the end")
	}
	if err != nil {
		return nil, err
	}
	return stream, nil
}

// A chain is a stream as far as it has been read.
type chain struct {
	*signed
	key      []byte // signing key; nil for an unsigned stream
	rest     []byte
	previous string // the signature before the next one
}

func wrong(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message, Cause: WrongStream}
}

func broken(what string) *Error {
	return wrong(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly: "+what)
}

// line takes the next line; false when there is none that ends.
func (c *chain) line() (string, bool) {
	line, rest, ok := bytes.Cut(c.rest, []byte("\r\n"))
	if ok {
		c.rest = rest
	}
	return string(line), ok
}

// chunks reads up to and with the head of the empty chunk at the end.
func (c *chain) chunks() (body []byte, verified int, err error) {
	short := false
	for {
		head, ok := c.line()
		if !ok {
			return nil, 0, broken("a chunk has no head")
		}
		digits, extension, _ := strings.Cut(head, ";")
		size, err := strconv.ParseUint(digits, 16, 31)
		switch {
		case err != nil:
			return nil, 0, broken("a chunk's size is no number")
		case size > 0 && (uint64(len(c.rest)) < size+2 || string(c.rest[size:size+2]) != "\r\n"):
			return nil, 0, broken("a chunk is not as long as its size says")
		case size > 0 && short && c.key != nil:
			return nil, 0, wrong(http.StatusForbidden, "InvalidChunkSizeError",
				"Only the last chunk is allowed to have a size less than 8192 bytes")
		}
		data := c.rest[:size]
		short = size < minChunk
		if c.key == nil && extension != "" {
			return nil, 0, broken("a chunk of an unsigned stream has an extension")
		}
		if c.key != nil {
			signature, ok := strings.CutPrefix(extension, "chunk-signature=")
			if !ok {
				return nil, 0, broken("a chunk has no signature")
			}
			if !c.follows(signature, "AWS4-HMAC-SHA256-PAYLOAD", hash(nil), hash(data)) {
				return nil, 0, noMatch(fmt.Sprintf("chunk %d", verified+1))
			}
			verified++
		}
		body = append(body, data...)
		if size == 0 {
			return body, verified, nil
		}
		c.rest = c.rest[size+2:]
	}
}

// trailer reads the trailing headers, which must be those that X-Amz-Trailer has announced.
func (c *chain) trailer(announced string) (http.Header, error) {
	malformed := func(why string) error {
		return wrong(http.StatusBadRequest, "MalformedTrailerError",
			"The request contained trailing data that was not well-formed or did not conform to our published schema: "+why)
	}
	var missing []string
	for _, name := range strings.Split(announced, ",") {
		missing = append(missing, strings.ToLower(strings.TrimSpace(name)))
	}
	const signatureName = "x-amz-trailer-signature"
	trailer, text, signature := http.Header{}, "", ""
	for {
		line, ok := c.line()
		if !ok {
			return nil, malformed("it does not end")
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		at := slices.Index(missing, name)
		switch {
		case !ok || signature != "":
			return nil, malformed("a line is out of place")
		case name == signatureName && c.key != nil:
			signature = value
			continue
		case at < 0:
			return nil, malformed(name + " is not in x-amz-trailer, or there twice")
		}
		missing = slices.Delete(missing, at, at+1)
		trailer.Set(name, value)
		text += name + ":" + value + "\n"
	}
	if len(missing) > 0 {
		return nil, malformed("it lacks " + strings.Join(missing, ", "))
	}
	if c.key != nil && !c.follows(signature, "AWS4-HMAC-SHA256-TRAILER", hash([]byte(text))) {
		return nil, noMatch("the trailer")
	}
	return trailer, nil
}

// follows says whether signature is the next one of the chain, and takes it for the one before the next.
func (c *chain) follows(signature, kind string, hashes ...string) bool {
	want := c.mac(c.key, kind, append([]string{c.previous}, hashes...)...)
	c.previous = signature
	return subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1
}

func noMatch(what string) *Error {
	return wrong(http.StatusForbidden, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method. "+
			"It is that of "+what+".")
}
