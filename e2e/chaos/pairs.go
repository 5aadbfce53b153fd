package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// twins start two containers in one home at once, each with a role of its own: only one may run.
func (r *Run) twins(ctx context.Context, c container, s Start) {
	second := c
	second.role, second.mark = otherRole, c.mark+"-twin"
	second.Env = r.environ(second.mark, c.home, filepath.Join(filepath.Dir(c.home), "tmp"), filepath.Join(filepath.Dir(c.home), "token"), otherRole, s.Timeout)
	var pods [2]*Pod
	var ran [2]bool
	var both sync.WaitGroup
	for i, one := range []container{c, second} {
		both.Go(func() { pods[i], ran[i] = r.begin(ctx, one, s) })
	}
	both.Wait()
	if ran[0] && ran[1] {
		r.judge.fail("two jobs in a home", "both of two containers that start together run")
	}
	for i, one := range []container{c, second} {
		if pods[i] == nil {
			continue
		}
		if ran[i] {
			r.finish(pods[i], one, s)
		} else if code := pods[i].code(); ran[1-i] && code != 73 {
			r.judge.fail("a wrong exit code", "the second of two containers that start together ends with %d, not 73", code)
		}
	}
}

// restart starts a container, kills all of it, as the kubelet and the kernel do, and starts it again over what it has left. A
// stranger listens where its refresher did.
func (r *Run) restart(ctx context.Context, c container, s Start) {
	c.Env = append(c.Env, "AWS_CREDENTIAL_PROFILES_FILE="+filepath.Join(c.home, ".aws", "credentials"))
	p, ran := r.begin(ctx, c, s)
	if p == nil || !ran {
		return
	}
	token := p.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	other := *r
	other.pod = p
	address := other.address()
	p.clean()
	p.hasEnded(5 * time.Second)
	if address != "" {
		stranger, err := net.Listen("tcp4", address)
		if err == nil {
			defer stranger.Close()
			go r.listen(stranger, token)
		}
	}
	r.once(ctx, c, s)
}

// listen is a stranger who must not be told a token.
func (r *Run) listen(l net.Listener, token string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			c.SetDeadline(time.Now().Add(2 * time.Second))
			text := make([]byte, 4<<10)
			n, _ := c.Read(text)
			if strings.Contains(string(text[:n]), token) {
				r.judge.fail("a leak", "a stranger on the old port was sent the endpoint's token")
			}
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}()
	}
}
