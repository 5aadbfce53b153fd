package endpoint

import (
	"container/list"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// silence is for how long a connection must have sent nothing before it gives way to one that waits. A client sends its
// request with the connection; it is longer than a process may be kept from running by a small CPU limit.
const silence = 200 * time.Millisecond

// bounded is a listener that has at most so many connections open. It accepts the next one when one is closed; while it is
// full it closes the oldest connections that have sent nothing.
type bounded struct {
	net.Listener
	slots     chan struct{}
	keepAlive func(bool)
	closing   sync.Once
	closed    chan struct{}

	mu     sync.Mutex
	silent *list.List // of *connection, the oldest first
}

// newBounded bounds l. keepAlive is told false when l is full, to close idle connections and each other one after its
// answer, and true when it is not any more. An l with a method Full has it called now and then while connections wait.
func newBounded(l net.Listener, connections int, keepAlive func(bool)) *bounded {
	return &bounded{Listener: l, slots: make(chan struct{}, connections), keepAlive: keepAlive, closed: make(chan struct{}), silent: list.New()}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	default:
		if !b.makeRoom() {
			return nil, net.ErrClosed
		}
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.slots
		return nil, err
	}
	accepted := &connection{Conn: c, of: b, since: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	accepted.place = b.silent.PushBack(accepted)
	return accepted, nil
}

// makeRoom waits until a connection is closed. It returns false when the listener is.
func (b *bounded) makeRoom() bool {
	b.keepAlive(false)
	for {
		if c := b.oldestSilent(); c != nil {
			c.Close()
		}
		select {
		case b.slots <- struct{}{}:
			b.keepAlive(true)
			return true
		case <-b.closed:
			return false
		case <-time.After(silence):
			if l, ok := b.Listener.(interface{ Full() }); ok {
				l.Full()
			}
		}
	}
}

// oldestSilent returns the connection that has sent nothing for the longest time; nil when none has for long enough.
func (b *bounded) oldestSilent() *connection {
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := b.silent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*connection)
		if time.Since(c.since) < silence {
			return nil
		}
		if !c.unread() {
			return c
		}
	}
	return nil
}

func (b *bounded) Close() error {
	b.closing.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

// A connection counts until it is closed.
type connection struct {
	net.Conn
	of    *bounded
	since time.Time
	place *list.Element // among the silent ones; nil when it has sent something
	once  sync.Once
}

func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.spoke()
	}
	return n, err
}

// spoke takes c from the silent ones.
func (c *connection) spoke() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.place != nil {
		c.of.silent.Remove(c.place)
		c.place = nil
	}
}

// unread reports whether c has sent something that nobody has read yet.
func (c *connection) unread() bool {
	raw, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	waiting := 0
	if rc, err := raw.SyscallConn(); err == nil {
		_ = rc.Control(func(fd uintptr) { waiting, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return waiting > 0
}

func (c *connection) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.spoke()
		<-c.of.slots
	})
	return err
}
