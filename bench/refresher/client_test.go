package main

import (
	"net"
	"strings"
	"testing"
)

// An answer that is no session is no figure.
func TestClientRefuses(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                  "",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}": "503 Service Unavailable",
		"HTTP/1.1 200 OK\r\n\r\n{}":                                       "without a Content-Length",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n":                    "an answer's length",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}":                  "EOF",
	} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = conn.Write([]byte(answer))
		}()
		err = serverAt(l.Addr().String(), "/credentials", "token").once()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", answer, err, want)
		}
		l.Close()
	}
}
