package podtest

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// A Front is a server on one of the pod's addresses that can go down and come back, as a service does.
type Front struct {
	address string
	handler http.Handler
	tls     *tls.Config // nil: plain HTTP

	mu     sync.Mutex
	server *http.Server // nil while down
	conns  map[net.Conn]bool
}

// Listen listens on address, with TLS where there is a config.
func Listen(address string, handler http.Handler, config *tls.Config) (*Front, error) {
	f := &Front{address: address, handler: handler, tls: config}
	return f, f.Up()
}

// Up listens. The front must be down.
func (f *Front) Up() error {
	listener, err := net.Listen("tcp4", f.address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns = map[net.Conn]bool{}
	f.server = &http.Server{Handler: f.handler, ErrorLog: log.New(io.Discard, "", 0), ConnState: f.track}
	if f.tls != nil {
		listener = tls.NewListener(listener, f.tls)
	}
	go f.server.Serve(listener)
	return nil
}

func (f *Front) track(c net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch state {
	case http.StateNew:
		f.conns[c] = true
	case http.StateHijacked, http.StateClosed:
		delete(f.conns, c)
	}
}

// Down resets what is connected and refuses what comes.
func (f *Front) Down() {
	f.mu.Lock()
	server := f.server
	for c := range f.conns {
		if secure, ok := c.(*tls.Conn); ok {
			c = secure.NetConn()
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
	}
	f.mu.Unlock()
	server.Close()
}
