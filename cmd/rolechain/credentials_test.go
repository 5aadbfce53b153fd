package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const (
	testJob    = "arn:aws:iam::111122223333:role/job-execution-role"
	testClient = "arn:aws:iam::444455556666:role/client-role"
)

// A port is what listens in a refresher's place. The nth connection gets what answer returns, nil being a reset.
type port struct {
	net.Listener
	asked  atomic.Int32
	tokens atomic.Int32 // requests that had the refresher's token
}

func listen(t *testing.T, answer func(n int) []byte) *port {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &port{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(p.asked.Add(1))
			buf := make([]byte, 4096)
			read, _ := c.Read(buf)
			if bytes.Contains(buf[:read], []byte("the-token")) {
				p.tokens.Add(1)
			}
			if text := answer(n); text == nil {
				_ = c.(*net.TCPConn).SetLinger(0)
			} else {
				_, _ = c.Write(text)
			}
			c.Close()
		}
	}()
	return p
}

// found writes a discovery file for a server at address, and returns its directory.
func found(t *testing.T, address string, sts *ststest.Server) (run string, d handover.Discovery) {
	t.Helper()
	run = t.TempDir()
	token := filepath.Join(run, "web-identity")
	if err := os.WriteFile(token, []byte(sts.Token("system:serviceaccount:emr:spark")), 0o600); err != nil {
		t.Fatal(err)
	}
	spec, err := json.Marshal(chain.Spec{FirstHop: settings.WebIdentity, BaseRole: testJob, TokenFile: token, ClientRole: testClient, SessionName: "pod", Region: "eu-west-1", STSEndpoint: sts.URL})
	if err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	d = handover.Discovery{URL: "http://" + address, Token: "the-token", Host: host, Chain: spec,
		Paths: map[string]string{"default": handover.CredentialsPath}, Roles: map[string]string{"default": testClient}}
	if err := d.Write(run); err != nil {
		t.Fatal(err)
	}
	return run, d
}

func testSTS(t *testing.T) *ststest.Server {
	return ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: testJob, WebIdentity: &ststest.WebIdentity{}, MayAssume: []string{testClient}},
		{ARN: testClient, TrustedBy: []string{testJob}},
	}}})
}

func httpAnswer(status int, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\nContent-Type: application/json\r\n\r\n%s", status, http.StatusText(status), len(body), body)
}

var (
	goodBody = `{"AccessKeyId":"ASIAREFRESHER","SecretAccessKey":"s","Token":"t","Expiration":"` + time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z") + `"}`
	good     = httpAnswer(200, goodBody)
)

func alive(string) bool { return false }
func dead(string) bool  { return true }

// A worker that is killed in the middle of an answer has a successor, which is asked the same. STS is down: what did the
// chain itself would have nothing.
func TestAsksTheSuccessor(t *testing.T) {
	sts := testSTS(t)
	for name, cut := range map[string][]byte{
		"reset": nil, "end": {}, "half a header": []byte("HTTP/1.1 200 OK\r\nContent-Le"), "half a body": good[:len(good)-20],
	} {
		t.Run(name, func(t *testing.T) {
			p := listen(t, func(n int) []byte {
				if n < 4 {
					return cut
				}
				return good
			})
			run, d := found(t, p.Addr().String(), sts)
			before := len(sts.Journal())
			s, _, err := session(t.Context(), run, "default", d, alive)
			if err != nil || s.AccessKeyID != "ASIAREFRESHER" || len(sts.Journal()) != before {
				t.Errorf("%v, %v, %d calls to STS", s, err, len(sts.Journal())-before)
			}
		})
	}
}

// Somebody who listens for a while nowhere is waited for a little; a refresher that moved is followed.
func TestFollowsTheRefresher(t *testing.T) {
	sts := testSTS(t)
	closed := listen(t, func(int) []byte { return good })
	closed.Close()
	run, d := found(t, closed.Addr().String(), sts)
	p := listen(t, func(int) []byte { return good })
	moved := d
	moved.URL = "http://" + p.Addr().String()
	if err := moved.Write(run); err != nil {
		t.Fatal(err)
	}
	if s, _, err := session(t.Context(), run, "default", d, alive); err != nil || s.AccessKeyID != "ASIAREFRESHER" || len(sts.Journal()) != 0 {
		t.Errorf("%v, %v, %d calls to STS", s, err, len(sts.Journal()))
	}
}

// The chain is the last resort: when nobody listens any more, or what listens is no refresher.
func TestDoesTheChainItself(t *testing.T) {
	for name, answer := range map[string][]byte{
		"nobody": nil, "another server": httpAnswer(200, "<html>"), "not http": []byte("220 smtp ready\r\n"), "not its token": httpAnswer(401, `{"code":"Unauthorized","message":"no"}`),
	} {
		t.Run(name, func(t *testing.T) {
			sts := testSTS(t)
			p := listen(t, func(int) []byte { return answer })
			if name == "nobody" {
				p.Close()
			}
			run, d := found(t, p.Addr().String(), sts)
			s, _, err := session(t.Context(), run, "default", d, alive)
			if known, ok := sts.Lookup(s.AccessKeyID); err != nil || !ok || known.RoleARN != testClient {
				t.Errorf("%v, %v", s, err)
			}
			if p.asked.Load() > 1 {
				t.Errorf("asked %d times", p.asked.Load())
			}
		})
	}
}

// Whoever listens on the port of a refresher that is known to be dead is not asked, and does not get the token.
func TestDeadRefresherIsNotAsked(t *testing.T) {
	sts := testSTS(t)
	p := listen(t, func(int) []byte { return good })
	run, d := found(t, p.Addr().String(), sts)
	s, _, err := session(t.Context(), run, "default", d, dead)
	if known, ok := sts.Lookup(s.AccessKeyID); err != nil || !ok || known.RoleARN != testClient {
		t.Errorf("%v, %v", s, err)
	}
	if p.asked.Load() != 0 || p.tokens.Load() != 0 {
		t.Errorf("asked %d times, the token was told %d times", p.asked.Load(), p.tokens.Load())
	}
}

// A refresher without a session says why, and is believed.
func TestNoSessionIsTold(t *testing.T) {
	sts := testSTS(t)
	p := listen(t, func(int) []byte {
		return httpAnswer(503, `{"code":"`+endpoint.NoSession+`","message":"AccessDenied","exit":77,"hint":"look"}`)
	})
	run, d := found(t, p.Addr().String(), sts)
	_, _, err := session(t.Context(), run, "default", d, alive)
	if exit.CodeOf(err) != exit.Denied || exit.HintOf(err) != "look" || len(sts.Journal()) != 0 {
		t.Errorf("%v, %d calls to STS", err, len(sts.Journal()))
	}
}

// The whole of the command: one line, nothing else.
func TestCredentialsPrintsOneLine(t *testing.T) {
	p := listen(t, func(int) []byte { return good })
	run, _ := found(t, p.Addr().String(), testSTS(t))
	lock, err := handover.TryLock(run) // a refresher lives
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	var out, complaints bytes.Buffer
	if err := credentials([]string{run, "default"}, settings.Environment{}, &out, &complaints); err != nil || complaints.Len() > 0 {
		t.Fatalf("%v, %s", err, &complaints)
	}
	line, err := out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"Version":1,"AccessKeyId":"ASIAREFRESHER",`) {
		t.Errorf("printed %q", line)
	}
	if _, err := out.ReadByte(); !errors.Is(err, io.EOF) {
		t.Error("and more")
	}
}
