package proxytest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
)

// ReadFirst has net/http read from each new connection of a transport before it writes the request, so that it sees an end that came
// before that. The context is for the requests, which are made one at a time. It is called once the transport has its dialers.
func ReadFirst(ctx context.Context, transport *http.Transport) context.Context {
	read := make(chan struct{}, 1)
	for _, dial := range []*func(ctx context.Context, network, address string) (net.Conn, error){&transport.DialContext, &transport.DialTLSContext} {
		if open := *dial; open != nil {
			*dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := open(ctx, network, address)
				return told{conn, read}, err
			}
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		<-read
		runtime.Gosched() // to net/http's reader, which notes the end
	}})
}

// told is a connection that tells of each read that has returned.
type told struct {
	net.Conn
	read chan struct{}
}

func (c told) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	select {
	case c.read <- struct{}{}:
	default:
	}
	return n, err
}
