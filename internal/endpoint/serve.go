package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// limits are the bounds of a server.
type limits struct {
	connections int           // at the same time; more wait in the kernel's queue
	header      time.Duration // for a request's header, from its first byte or from the connection
	write       time.Duration // for an answer, from the request's header on, waiting for a session included
	idle        time.Duration // between two requests of a connection
	grace       time.Duration // for answers under way when the server stops
}

var defaults = limits{
	connections: 512,
	header:      5 * time.Second,
	write:       patience + 10*time.Second,
	idle:        2 * time.Minute,
	grace:       300 * time.Millisecond,
}

// maxHeader makes for 8 KiB of header together with the 4 KiB that net/http adds to the number. SDKs send under 1 KiB.
const maxHeader = 4 << 10

// FromFile makes a listener of a listening socket that somebody else holds open, so that it outlives this process: no client
// is refused while the next one starts. It is refused unless it listens on 127.0.0.1. f is not closed, and closing the
// listener leaves it open.
func FromFile(f *os.File) (net.Listener, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("taking over the endpoint's socket: %w", err)
	}
	if address, ok := l.Addr().(*net.TCPAddr); !ok || !address.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		l.Close()
		return nil, fmt.Errorf("taking over the endpoint's socket: it listens on %s, not on 127.0.0.1", l.Addr())
	}
	return l, nil
}

// Serve answers requests on l with h until ctx ends; it then closes l, lets answers under way finish for 0.3 s, and
// returns nil. Requests that wait for a session are answered at once when ctx ends. log gets what net/http has to say
// (a panic, a failing accept); nil: nobody does.
//
// At most 512 connections are served at a time. More wait in the kernel's queue, none is refused; while it is that full,
// connections that are idle, or have sent nothing, are closed in favor of those that wait. When l has a method Full it is called
// several times a second meanwhile.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	return serve(ctx, l, h, log, defaults)
}

func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, lim limits) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: lim.header,
		WriteTimeout:      lim.write,
		IdleTimeout:       lim.idle,
		// No ReadTimeout: it would be for bodies, and nobody waits for one.
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true, // it answers "OPTIONS *" without asking for the token
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:                  func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lim.grace)
		defer cancel()
		if server.Shutdown(late) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(newBounded(l, lim.connections, server.SetKeepAlivesEnabled))
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving the endpoint: %w", err)
}
