package endpoint

import (
	"net"
	"sync"
)

// bounded is a listener that has at most so many connections open. It accepts the next one when one is closed.
type bounded struct {
	net.Listener
	slots     chan struct{}
	keepAlive func(bool)
	closing   sync.Once
	closed    chan struct{}
}

// newBounded bounds l. keepAlive is told false when l is full, to close idle connections and each other one after its
// answer, and true when it is not any more.
func newBounded(l net.Listener, connections int, keepAlive func(bool)) *bounded {
	return &bounded{Listener: l, slots: make(chan struct{}, connections), keepAlive: keepAlive, closed: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	default:
		b.keepAlive(false)
		select {
		case b.slots <- struct{}{}:
			b.keepAlive(true)
		case <-b.closed:
			return nil, net.ErrClosed
		}
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	return &slot{Conn: c, slots: b.slots}, nil
}

func (b *bounded) Close() error {
	b.closing.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// A slot is a connection that counts until it is closed.
type slot struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

func (s *slot) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() { <-s.slots })
	return err
}
