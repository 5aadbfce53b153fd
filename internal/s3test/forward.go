package s3test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// hopByHop are the headers that belong to a connection and not to the request.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
}

// forwardS3 asks the backend by path, without the client's authentication and the framing of its body.
func (g *Gate) forwardS3(q *request) (*http.Response, error) {
	header := q.http.Header
	for name := range header {
		algorithm, ok := strings.CutPrefix(strings.ToLower(name), checksumPrefix)
		if ok && q.s3.name != "CompleteMultipartUpload" && !slices.Contains([]string{"algorithm", "type", "mode"}, algorithm) {
			// Without the algorithm's name the backend forgets the checksum, and its answers lack it.
			header.Set("X-Amz-Sdk-Checksum-Algorithm", strings.ToUpper(algorithm))
		}
	}
	header.Del("X-Amz-Decoded-Content-Length")
	header.Del("X-Amz-Trailer")
	header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	var encodings []string
	for _, list := range header.Values("Content-Encoding") {
		for _, encoding := range strings.Split(list, ",") {
			if encoding = strings.TrimSpace(encoding); encoding != "" && !strings.EqualFold(encoding, "aws-chunked") {
				encodings = append(encodings, encoding)
			}
		}
	}
	if header.Del("Content-Encoding"); len(encodings) > 0 {
		header.Set("Content-Encoding", strings.Join(encodings, ","))
	}
	path := q.http.URL.EscapedPath()
	if q.place.virtual {
		path = "/" + q.place.bucket + path
	}
	return g.forward(q, path, q.http.URL.RawQuery)
}

// forward has the backend answer. The path is escaped.
func (g *Gate) forward(q *request, path, query string) (*http.Response, error) {
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil && pair != "" && name != "x-id" && !slices.Contains(authParameters, name) {
			kept = append(kept, pair)
		}
	}
	target := "http://" + g.backend.Host + path
	if kept != nil {
		target += "?" + strings.Join(kept, "&")
	}
	out, err := http.NewRequestWithContext(q.http.Context(), q.http.Method, target, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	out.Header = q.http.Header.Clone()
	for _, name := range slices.Concat(hopByHop, strings.Split(q.http.Header.Get("Connection"), ","),
		[]string{"X-Amz-Security-Token", "X-Amz-Date", "Content-Length"}) {
		out.Header.Del(strings.TrimSpace(name))
	}
	// The backend reads service and region out of this, and nothing else.
	scope := strings.Join([]string{"gate/20000101", g.options.Region, q.entry.Service, "aws4_request"}, "/")
	out.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+scope+", SignedHeaders=host, Signature=none")
	response, err := g.client.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	return response, nil
}

// send gives the backend's answer to the client.
func send(w http.ResponseWriter, response *http.Response) {
	for name, list := range response.Header {
		if !slices.Contains(hopByHop, name) {
			w.Header()[name] = list
		}
	}
	w.WriteHeader(response.StatusCode)
	if _, err := io.Copy(w, response.Body); err != nil {
		panic(http.ErrAbortHandler) // cut off, as it came
	}
}

// replace gives a response another body.
func replace(response *http.Response, body []byte) {
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
}

// noSuchBucket reports whether a response that is 404 is about the bucket; that to HEAD does not tell.
func noSuchBucket(response *http.Response) bool {
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	replace(response, body)
	var told struct{ Code string }
	return err == nil && xml.Unmarshal(body, &told) == nil && told.Code == "NoSuchBucket"
}

// renameQueue puts AWS's address of the queue in the place of the backend's.
func (g *Gate) renameQueue(q *request, response *http.Response, account string) error {
	if response.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the backend's answer: %w", err)
	}
	address := "https://sqs." + g.options.Region + ".amazonaws.com/" + account + "/" + q.sqs.queue
	if q.sqs.json {
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(body, &answer); err != nil {
			return fmt.Errorf("reading the backend's answer: %w", err)
		}
		answer["QueueUrl"], _ = json.Marshal(address) // a text: cannot fail
		if body, err = json.Marshal(answer); err != nil {
			return fmt.Errorf("renaming the queue: %w", err)
		}
	} else {
		before, rest, found := strings.Cut(string(body), "<QueueUrl>")
		_, after, closed := strings.Cut(rest, "</QueueUrl>")
		if !found || !closed {
			return fmt.Errorf("reading the backend's answer: no QueueUrl in it")
		}
		body = []byte(before + "<QueueUrl>" + address + "</QueueUrl>" + after)
	}
	replace(response, body)
	return nil
}
