package sigv4

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// canonical is the text that the client signed: method, path, query, signed headers, their names, payload hash.
func canonical(r *http.Request, s *signed, path, payload string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + query(r.URL.RawQuery, s.presigned) + "\n")
	for _, name := range s.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(s.headers, ";") + "\n" + payload)
	return b.String()
}

// path is the canonical path. The target as the client wrote it is taken from RequestURI, because url.Parse forgets
// which octets were escaped.
func (v *Verifier) path(r *http.Request) string {
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(sent, "/") { // an absolute-form target, or a request that was not read by a server
		sent = r.URL.EscapedPath()
	}
	if sent == "" {
		sent = "/"
	}
	if v.S3 {
		decoded, err := url.PathUnescape(sent)
		if err != nil {
			decoded = sent
		}
		return escape(decoded, true)
	}
	if !v.KeepPath {
		cleaned := path.Clean(sent)
		if strings.HasSuffix(sent, "/") && cleaned != "/" {
			cleaned += "/"
		}
		sent = cleaned
	}
	return escape(sent, true)
}

// query is the canonical query: decoded, encoded again in AWS's own way, sorted by name and then by value as encoded.
func query(raw string, presigned bool) string {
	var pairs [][2]string
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if presigned && name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{escape(name, false), escape(value, false)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	joined := make([]string, len(pairs))
	for i, pair := range pairs {
		joined[i] = pair[0] + "=" + pair[1]
	}
	return strings.Join(joined, "&")
}

// headerValue is a header's canonical value: trimmed, inner blanks collapsed, several values in their order with commas.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		values = []string{r.Host}
	case name == "content-length" && len(values) == 0 && r.ContentLength >= 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(trimmed, ",")
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// escape encodes every octet but RFC 3986's unreserved ones; url.QueryEscape differs on blank, and on slash.
func escape(s string, keepSlash bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, keepSlash && c == '/':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
