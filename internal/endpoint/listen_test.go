package endpoint

import (
	"bufio"
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"rolechain/internal/handover"
)

// The socket outlives a server: whoever connects in between waits for the next one.
func TestFromFile(t *testing.T) {
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if host := held.Addr().(*net.TCPAddr).IP.String(); host != "127.0.0.1" {
		t.Errorf("it listens on %s", host)
	}
	if want := "http://" + held.Addr().String() + "/base"; URL(held, handover.BasePath) != want {
		t.Errorf("URL is %s", URL(held, handover.BasePath))
	}
	f, err := held.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	held.Close()
	token := NewToken()
	for n := range 3 {
		c, err := net.Dial("tcp", held.Addr().String())
		if err != nil {
			t.Fatal("between two servers: ", err)
		}
		r := &rig{TB: t, token: token, address: held.Addr().String()}
		early := &raw{c, bufio.NewReader(c), r}
		early.say(good)
		l, err := FromFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- Serve(ctx, l, Handler(token, paths(fixed(session(n)), nil), nil), nil) }()
		if status, body := early.hear(); status != 200 || !strings.Contains(body, session(n).AccessKeyID) {
			t.Errorf("server %d: %d %s", n, status, body)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		c.Close()
	}
}

func TestFromFileRefuses(t *testing.T) {
	for _, open := range []func() (*os.File, error){
		func() (*os.File, error) { return os.Open("/dev/null") },
		func() (*os.File, error) {
			l, err := net.Listen("unix", t.TempDir()+"/s")
			if err != nil {
				return nil, err
			}
			defer l.Close()
			return l.(*net.UnixListener).File()
		},
		func() (*os.File, error) {
			l, err := net.Listen("tcp4", "127.0.0.2:0") // as good a stand-in as 0.0.0.0, and nobody can reach it
			if err != nil {
				return nil, err
			}
			defer l.Close()
			return l.(*net.TCPListener).File()
		},
	} {
		f, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if l, err := FromFile(f); err == nil || !strings.HasPrefix(err.Error(), "taking over the endpoint's socket: ") {
			t.Errorf("%s: %v, %v", f.Name(), l, err)
		}
		f.Close()
	}
}
