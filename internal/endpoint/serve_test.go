package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const good = "GET /credentials HTTP/1.1\r\nHost: %A\r\nAuthorization: %T\r\n\r\n"

func TestKeepAlive(t *testing.T) {
	r := run(t, fixed(session(1)), fixed(session(2)), defaults)
	c := r.dial()
	// Not by net/http's client, which leaves a connection whose writing goroutine has not come back 50 ms after the answer.
	for range 10 {
		for _, ask := range []struct {
			without, with string
			status        int
		}{
			{"", "", 200},
			{"/credentials", "/base", 200},
			{"/credentials", "/status", 200},
			{"/credentials", "/nothing", 404},
			{"Authorization: %T\r\n", "", 401},
		} {
			c.say(strings.Replace(good, ask.without, ask.with, 1))
			if status, body := c.hear(); status != ask.status {
				t.Fatalf("%q: %d %s", ask.with, status, body)
			}
		}
	}
	c.say(good + good + strings.Replace(good, "GET", "HEAD", 1)) // pipelined
	for range 2 {
		if status, body := c.hear(); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}
}

func TestHeaderLimit(t *testing.T) {
	r := run(t, fixed(session(1)), fixed(session(2)), defaults)
	var all sync.WaitGroup
	for _, test := range []struct{ size, status int }{{7 << 10, 200}, {9 << 10, 431}, {1 << 20, 431}} {
		for _, header := range []string{"X: " + strings.Repeat("x", test.size), strings.Repeat("X: 3456\r\n", test.size/9) + "Y: y"} {
			c := r.dial()
			go c.say(strings.Replace(good, "\r\n\r\n", "\r\n"+header+"\r\n\r\n", 1))
			all.Go(func() { // net/http keeps a connection that it refused for half a second
				if status, body := c.hear(); status != test.status {
					t.Errorf("%d bytes: %d %s", test.size, status, body)
				}
			})
		}
	}
	c := r.dial()
	go c.say("GET /" + strings.Repeat("x", 9<<10) + " HTTP/1.1\r\n\r\n")
	if status, body := c.hear(); status != 431 {
		t.Errorf("a long path: %d %s", status, body)
	}
	all.Wait()
}

// A body is not waited for, and not read as the next request.
func TestBodies(t *testing.T) {
	r := run(t, fixed(session(1)), fixed(session(2)), defaults)
	for _, body := range []string{
		"Content-Length: 100000000\r\n\r\n", "Content-Length: 1000\r\n\r\nabc", "Content-Length: 5\r\n\r\nhello",
		"Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	} {
		for _, method := range []string{"GET", "POST"} {
			c := r.dial()
			c.say(strings.Replace(strings.Replace(good, "GET", method, 1), "\r\n\r\n", "\r\n"+body, 1))
			began := time.Now()
			status, text := c.hear()
			if want := map[string]int{"GET": 413, "POST": 405}[method]; status != want {
				t.Errorf("%s %q: %d %s", method, body, status, text)
			}
			// Far from the 30 s of the test's own deadline, and from the 35 s of a write.
			if status, text := c.hear(); status != 0 || time.Since(began) > 10*time.Second {
				t.Errorf("%s %q: and then %d %s, after %v", method, body, status, text, time.Since(began))
			}
		}
	}
}

// Whatever bytes come, the server lives, and nobody without the token gets a key.
func TestGarbage(t *testing.T) {
	var log bytes.Buffer
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	token := NewToken()
	lim := defaults
	lim.header = 200 * time.Millisecond
	go func() {
		done <- serve(ctx, l, Handler(token, paths(fixed(session(1)), fixed(session(2))), nil), slog.New(slog.NewTextHandler(&log, nil)), lim)
	}()
	for _, garbage := range seeds {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, garbage)
		_ = c.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(c)
		if bytes.Contains(answer, []byte("AccessKeyId")) {
			t.Errorf("%q was answered with %q", garbage, answer)
		}
		c.Close()
	}
	cancel()
	if err := <-done; err != nil || strings.Contains(log.String(), "panic") {
		t.Errorf("%v; log: %s", err, &log)
	}
}

// Half a header, or none, holds a connection for 5 s; an idle one is closed after 2 minutes. On synctest's clock.
func TestTimeouts(t *testing.T) {
	for _, test := range []struct {
		name, text string
		drip       bool
		want       time.Duration
	}{
		{"nothing at all", "", false, 5 * time.Second},
		{"half a line", "GET /cred", false, 5 * time.Second},
		{"half a header", "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX: ", false, 5 * time.Second},
		{"a byte now and then", "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX: ", true, 5 * time.Second},
		{"idle after a good one", "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: secret\r\n\r\n", false, 2 * time.Minute},
		{"half of the second", "GET /status HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\nGET /cr", false, 5 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			onPipe(t, func() http.Handler { return Handler("secret", paths(fixed(session(1)), fixed(session(2))), nil) }, func(c net.Conn) {
				began, written := time.Now(), make(chan struct{})
				go func() {
					defer close(written)
					_, err := io.WriteString(c, test.text)
					for test.drip && err == nil {
						time.Sleep(time.Second)
						_, err = io.WriteString(c, "x")
					}
				}()
				_, _ = io.Copy(io.Discard, c)
				if took := time.Since(began); took != test.want {
					t.Errorf("closed after %v, want %v", took, test.want)
				}
				c.Close()
				<-written
			})
		})
	}
}

// A request that waits for 25 s still gets its answer, although no answer may take longer than 10 s to write.
func TestWriteTimeout(t *testing.T) {
	h := func() http.Handler { return Handler("secret", paths(newShelf(), nil), nil) }
	onPipe(t, h, func(c net.Conn) {
		began := time.Now()
		go io.WriteString(c, "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: secret\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || response.StatusCode != 503 || time.Since(began) != patience {
			t.Errorf("after %v: %v %v", time.Since(began), response, err)
		}
	})
	onPipe(t, h, func(c net.Conn) {
		began := time.Now()
		go io.WriteString(c, "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: secret\r\n\r\n")
		time.Sleep(time.Hour) // it does not read
		if b, _ := io.ReadAll(c); len(b) > 0 {
			t.Errorf("after %v there was still %q", time.Since(began), b)
		}
	})
}

// onPipe serves one connection, as one to 127.0.0.1:80, on synctest's clock.
func onPipe(t *testing.T, h func() http.Handler, test func(c net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		l := &pipes{accept: make(chan net.Conn, 1), closed: make(chan struct{})}
		l.accept <- pipe{server}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { _ = serve(ctx, l, h(), nil, defaults); close(done) }()
		test(client)
		client.Close()
		cancel()
		<-done
	})
}

type pipe struct{ net.Conn }

func (pipe) LocalAddr() net.Addr { return address80 }

type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return address80 }

func TestStop(t *testing.T) {
	s := newShelf()
	lim := defaults
	lim.header, lim.idle = time.Hour, time.Hour // it is the stop that ends them
	r := run(t, s, fixed(session(2)), lim)
	waiting := r.dial()
	waiting.say(good)
	idle := r.dial()
	idle.say(strings.Replace(good, "credentials", "base", 1))
	if status, _ := idle.hear(); status != 200 {
		t.Fatal(status)
	}
	half := r.dial()
	half.say("GET /")
	<-s.asked // before that there is no answer to wait for
	r.stop()
	if status, body := waiting.hear(); status != 503 {
		t.Errorf("the one that waits: %d %s", status, body)
	}
	for _, c := range []*raw{waiting, idle, half} {
		if _, err := c.in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a connection that is still open: %v", err)
		}
	}
	if c, err := net.Dial("tcp", r.address); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestServeFails(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := Serve(t.Context(), l, http.NotFoundHandler(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
