package ststest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// port is the server's place on the loopback interface. A socket that is bound but never listens holds the number, so
// that during an outage connections are refused and nobody else can take it.
type port struct {
	holder  int // file descriptor; valid when address is set
	address string
	server  *http.Server

	mu       sync.Mutex
	listener net.Listener // nil while down
	done     chan struct{}
	conns    map[net.Conn]bool
}

// TB is what Start needs of a *testing.T.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start makes a server that listens on a free loopback port until the test ends.
func Start(t TB, options Options) *Server {
	t.Helper()
	s, err := New(options)
	if err == nil {
		err = s.Listen("127.0.0.1:0")
	}
	if err != nil {
		t.Fatalf("starting the STS stand-in: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen puts the server on an IPv4 loopback address, "127.0.0.1:0" for a free port, and sets URL. Any other address
// is refused.
func (s *Server) Listen(address string) error { return s.listen(address, s) }

func (s *Server) listen(address string, handler http.Handler) error {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if !loopback(host) {
		return fmt.Errorf("listening on %s: only IPv4 loopback addresses are allowed", address)
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", address, err)
	}
	p := &s.port
	if p.holder, n, err = hold(n); err != nil {
		return fmt.Errorf("listening on %s: %w", address, err)
	}
	p.address = fmt.Sprintf("127.0.0.1:%d", n)
	p.conns = map[net.Conn]bool{}
	p.server = &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0), ConnState: p.track}
	s.URL = "http://" + p.address
	return s.Up()
}

// hold binds a port without listening on it.
func hold(n uint64) (fd int, number uint64, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(n), Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		var bound unix.Sockaddr
		if bound, err = unix.Getsockname(fd); err == nil {
			return fd, uint64(bound.(*unix.SockaddrInet4).Port), nil
		}
	}
	unix.Close(fd)
	return 0, 0, err
}

func (p *port) track(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.conns[c] = true
	case http.StateHijacked, http.StateClosed:
		delete(p.conns, c)
	}
}

// Up ends an outage. On a server that is up it does nothing.
func (s *Server) Up() error {
	p := &s.port
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-s.closed:
		return fmt.Errorf("listening on %s: the server is closed", p.address)
	default:
	}
	if p.listener != nil {
		return nil
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if failed := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}); failed != nil {
			return failed
		}
		return err
	}}
	listener, err := config.Listen(context.Background(), "tcp4", p.address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", p.address, err)
	}
	done := make(chan struct{})
	p.listener, p.done = listener, done
	go func() {
		defer close(done)
		p.server.Serve(listener)
	}()
	return nil
}

// Down makes an outage: open connections are reset and new ones are refused until Up. The journal sees nothing of them.
func (s *Server) Down() {
	p := &s.port
	p.mu.Lock()
	listener, done := p.listener, p.done
	p.listener = nil
	p.mu.Unlock()
	if listener == nil {
		return
	}
	listener.Close()
	<-done // from here on no connection is added
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		c.Close()
	}
}

// Close ends the server and releases every request that hangs. A second call does nothing.
func (s *Server) Close() { s.end.Do(s.close) }

func (s *Server) close() {
	close(s.closed)
	s.Down()
	if s.port.address != "" {
		s.port.server.Close()
		unix.Close(s.port.holder)
	}
}
