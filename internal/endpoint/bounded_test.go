package endpoint

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// Twice as many clients as connections: all are served, none is refused, and never more at a time than there may be.
func TestConnectionsBound(t *testing.T) {
	if defaults.connections != 512 {
		t.Errorf("the bound is %d", defaults.connections)
	}
	lim := defaults
	lim.connections = 16
	s := newShelf()
	r := run(t, s.get, fixed(session(2)), lim)
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
