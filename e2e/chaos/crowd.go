package main

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
)

// crowd lets clients loose on the endpoint until the returned function is called.
func (r *Run) crowd(f Fault) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	if address := r.address(); address != "" {
		for n := range f.N {
			all.Go(func() {
				switch f.Kind {
				case "many-clients":
					r.client(ctx, n%2 == 0, 300*time.Millisecond)
				case "silent-clients":
					visit(ctx, address, func(net.Conn) { <-ctx.Done() })
				case "slow-clients":
					visit(ctx, address, func(c net.Conn) { dribble(ctx, c) })
				case "hostile-clients":
					r.attack(ctx, address, n)
				}
			})
		}
	}
	return func() error { cancel(); all.Wait(); return nil }
}

// address is where the endpoint is; "" when there is none.
func (r *Run) address() string {
	u, err := url.Parse(r.pod.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	if err != nil {
		return ""
	}
	return u.Host
}

// visit makes a connection that ends with ctx.
func visit(ctx context.Context, address string, do func(net.Conn)) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp4", address)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	do(conn)
}

// dribble sends a request that never comes to its end.
func dribble(ctx context.Context, c net.Conn) {
	for _, letter := range []byte("GET /credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + strings.Repeat("x", 1000)) {
		if _, err := c.Write([]byte{letter}); err != nil {
			return
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// attacks are requests that must not be answered with keys.
var attacks = []string{
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"GET /credentials HTTP/1.1\r\nHost: ADDRESS\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: ADDRESS\r\nAuthorization: guess\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: ADDRESS\r\nAuthorization: \r\nAuthorization: TOKEN\r\n\r\n",
	"GET /credentials HTTP/1.1\r\nHost: evil.example\r\nAuthorization: TOKEN\r\n\r\n",
	"GET http://evil.example/credentials HTTP/1.1\r\nHost: evil.example\r\nAuthorization: TOKEN\r\n\r\n",
	"POST /credentials HTTP/1.1\r\nHost: ADDRESS\r\nAuthorization: TOKEN\r\nContent-Length: 1000000000\r\n\r\n",
	"POST /credentials HTTP/1.1\r\nHost: ADDRESS\r\nAuthorization: TOKEN\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
	"GET /credentials HTTP/1.1\r\nHost: ADDRESS\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n",
	"GET /" + strings.Repeat("../", 2000) + "credentials HTTP/1.1\r\nHost: ADDRESS\r\nAuthorization: TOKEN\r\n\r\n",
	strings.Repeat("GET / HTTP/1.1\r\nHost: ADDRESS\r\n\r\n", 200),
	strings.Repeat("\r\n", 10_000),
	"",
}

// attack sends each of them, over and over, and looks at what comes back.
func (r *Run) attack(ctx context.Context, address string, n int) {
	token := r.pod.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	for ; ctx.Err() == nil; n++ {
		text := strings.NewReplacer("ADDRESS", address, "TOKEN", token).Replace(attacks[n%len(attacks)])
		visit(ctx, address, func(c net.Conn) {
			c.SetDeadline(time.Now().Add(time.Second))
			if _, err := c.Write([]byte(text)); err != nil {
				return
			}
			answer := make([]byte, 8<<10)
			read, _ := c.Read(answer)
			if strings.Contains(string(answer[:read]), "AccessKeyId") {
				r.judge.fail("keys for a stranger", "%.80q got a session", text)
			}
			if n%3 == 0 {
				c.(*net.TCPConn).SetLinger(0) // and goes with a reset
			}
		})
		pause(ctx, 50*time.Millisecond)
	}
}
