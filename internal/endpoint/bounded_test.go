package endpoint

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Twice as many clients as connections: all are served, none is refused, and never more at a time than there may be.
func TestConnectionsBound(t *testing.T) {
	if defaults.connections != 512 {
		t.Errorf("the bound is %d", defaults.connections)
	}
	lim := defaults
	lim.connections = 16
	s := newShelf()
	r := run(t, s, fixed(session(2)), lim)
	var clients []*raw
	for range 2 * lim.connections {
		c := r.dial()
		c.say(good)
		clients = append(clients, c)
	}
	// The others are not even accepted: a request that needs no waiting gets no answer.
	late := r.dial()
	late.say(strings.Replace(good, "credentials", "base", 1))
	_ = late.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if status, _ := late.hear(); status != 0 {
		t.Errorf("more than %d connections are served", lim.connections)
	}
	_ = late.SetReadDeadline(time.Now().Add(30 * time.Second))

	one := session(1)
	s.session.Store(&one)
	close(s.put)
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			if status, body := c.hear(); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	all.Wait()
	if status, body := late.hear(); status != 200 {
		t.Errorf("the last: %d %s", status, body)
	}
	// And once there is room it is as before: a connection is kept. Until the server has seen that these are closed, it
	// closes each other one after its answer.
	for _, c := range append(clients, late) {
		c.Close()
	}
	for end := time.Now().Add(30 * time.Second); ; {
		c := r.dial()
		c.say(good)
		first, _ := c.hear()
		c.say(good)
		second, body := c.hear()
		c.Close()
		if first == 200 && second == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("afterwards: %d, then %d %s", first, second, body)
		}
	}
}

// Processes that keep an idle connection open do not keep others out for the two minutes until it is closed.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	lim := defaults
	lim.connections = 16
	r := run(t, fixed(session(1)), fixed(session(2)), lim)
	for n := range 10 * lim.connections {
		c := r.dial()
		c.say(good)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if status, body := c.hear(); status != 200 {
			t.Fatalf("connection %d: %d %s", n, status, body)
		}
	}
}

// Connections that have sent nothing give way, the oldest first; one whose request is on its way does not.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	lim := defaults
	lim.connections = 16
	lim.header = time.Hour
	r := run(t, fixed(session(1)), fixed(session(2)), lim)
	slow := r.dial()
	slow.say(good[:10])
	var silent []*raw
	for range 2*lim.connections - 2 { // so that the last of them keep their places
		silent = append(silent, r.dial())
	}
	c := r.dial()
	c.say(good)
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	if status, body := c.hear(); status != 200 {
		t.Errorf("behind silent ones: %d %s", status, body)
	}
	for name, c := range map[string]*raw{"slow": slow, "the last silent one": silent[len(silent)-1]} {
		c.say(map[bool]string{true: good[10:], false: good}[c == slow])
		_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if status, body := c.hear(); status != 200 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

type fullListener struct {
	net.Listener
	full chan struct{}
}

func (l fullListener) Full() {
	select {
	case l.full <- struct{}{}:
	default:
	}
}

// While connections wait because there are enough, somebody is told: a server that hangs would not.
func TestFullIsTold(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := fullListener{inner, make(chan struct{})}
	b := newBounded(l, 1, func(bool) {})
	defer b.Close()
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	first, err := b.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() { c, _ := b.Accept(); accepted <- c }()
	for range 2 {
		<-l.full
	}
	first.Close()
	if c := <-accepted; c == nil {
		t.Error("closed")
	} else {
		c.Close()
	}
}

// A request that is there and that nobody has read yet is no silence: a process may be kept from running for long.
func TestUnreadIsNoSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBounded(l, 2, func(bool) {})
	defer b.Close()
	var accepted []*connection
	for _, says := range []string{"x", ""} {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		c, err := b.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := client.Write([]byte(says)); err != nil {
			t.Fatal(err)
		}
		accepted = append(accepted, c.(*connection))
	}
	await, err := accepted[0].Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := await.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK)
		return err != unix.EAGAIN
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range accepted {
		c.since = c.since.Add(-silence)
	}
	if got := b.oldestSilent(); got != accepted[1] {
		t.Errorf("%p gives way, not the one that has sent nothing, %p; the other is %p", got, accepted[1], accepted[0])
	}
}
