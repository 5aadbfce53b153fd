package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
)

// seeds are requests that must not be answered with keys.
var seeds = []string{
	"", "\r\n", "\x00", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET", "GET / HTTP/9.9\r\n\r\n", "get /credentials http/1.1\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: \x00\xff\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nauthorization : x\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80:80\r\n\r\n", "GET /credentials HTTP/1.1\r\nHost: user@127.0.0.1:80\r\n\r\n",
	"POST /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: -1\r\n\r\n",
	"POST /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"POST /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"GET http:/// HTTP/1.1\r\nHost: \r\n\r\n", strings.Repeat("a", 100_000),
}

// FuzzHandler: keys are given only for a GET or HEAD of the two paths with the token and our Host; nothing panics.
func FuzzHandler(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	for _, path := range []string{"credentials", "base", "status", ""} {
		f.Add([]byte("GET /" + path + " HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: secret\r\n\r\n"))
		f.Add([]byte("HEAD /" + path + " HTTP/1.0\r\nHost: localhost:80\r\nAuthorization: secret\r\n\r\n"))
		f.Add([]byte("GET http://127.0.0.1:80/" + path + " HTTP/1.1\r\nHost: evil.example\r\nAuthorization: secret\r\nAuthorization: secret\r\n\r\n"))
	}
	h := Handler("secret", paths(fixed(session(1)), fixed(session(2))), func() any { return 0 })
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		w := &recorder{header: http.Header{}}
		h.ServeHTTP(w, q.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, address80)))
		tokens := q.Header["Authorization"]
		host := strings.ToLower(q.Host)
		allowed := (q.Method == "GET" || q.Method == "HEAD") && len(tokens) == 1 && tokens[0] == "secret" &&
			(host == "127.0.0.1:80" || host == "localhost:80") && q.ContentLength == 0 && (q.URL.Path == "/credentials" || q.URL.Path == "/base")
		if given := strings.Contains(w.body.String(), "AccessKeyId"); given != allowed || w.status == 0 {
			t.Errorf("%d %s", w.status, &w.body)
		}
	})
}
