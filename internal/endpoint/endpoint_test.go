package endpoint

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
)

func TestPayload(t *testing.T) {
	at := time.Date(2026, 11, 23, 13, 4, 5, 999_000_000, time.FixedZone("", 3600))
	client := chain.Session{Role: clientRole, AccessKeyID: "ASIAX", SecretAccessKey: `s/"<+`, SessionToken: "t/+==", Expires: at}
	agent := chain.Session{AccessKeyID: "ASIAY", SecretAccessKey: "s", SessionToken: "t", Expires: at} // Pod Identity tells no role
	r := run(t, fixed(client), fixed(agent), defaults)
	for _, test := range []struct{ path, body string }{
		{"/credentials", `{"AccessKeyId":"ASIAX","SecretAccessKey":"s/\"\u003c+","Token":"t/+==","Expiration":"2026-11-23T12:04:05Z","RoleArn":"` + clientRole + `"}`},
		{"/base", `{"AccessKeyId":"ASIAY","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-23T12:04:05Z"}`},
		{"/status", `{"failures":3}`},
		{"/credentials?a=b", ""}, // a query changes nothing
	} {
		response, body := r.do(r.request(test.path, nil))
		if response.StatusCode != 200 || test.body != "" && body != test.body || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s %v\ngot  %s\nwant %s", test.path, response.Status, response.Header, body, test.body)
		}
		if names := len(response.Header); names != 3 && (names != 2 || test.path != "/status") {
			t.Errorf("%s: headers %v", test.path, response.Header)
		}
		head, none := r.do(r.request(test.path, func(q *http.Request) { q.Method = "HEAD" }))
		if head.StatusCode != 200 || none != "" || head.ContentLength != response.ContentLength {
			t.Errorf("HEAD %s: %s, %d bytes, %q", test.path, head.Status, head.ContentLength, none)
		}
	}
}

func TestRefusals(t *testing.T) {
	asked := atomic.Int32{}
	source := called(func(context.Context) (chain.Session, error) { asked.Add(1); return session(1), nil })
	r := run(t, source, source, defaults)
	for _, path := range []string{"/credentials", "/base", "/status", "/nothing"} {
		for _, test := range []struct {
			name   string
			change func(*http.Request)
			status int
			code   string
		}{
			{"no token", func(q *http.Request) { q.Header.Del("Authorization") }, 401, "Unauthorized"},
			{"empty token", func(q *http.Request) { q.Header.Set("Authorization", "") }, 401, "Unauthorized"},
			{"wrong token", func(q *http.Request) { q.Header.Set("Authorization", NewToken()) }, 401, "Unauthorized"},
			{"first half", func(q *http.Request) { q.Header.Set("Authorization", r.token[:20]) }, 401, "Unauthorized"},
			{"more than it", func(q *http.Request) { q.Header.Set("Authorization", r.token+"A") }, 401, "Unauthorized"},
			{"bearer", func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+r.token) }, 401, "Unauthorized"},
			{"twice", func(q *http.Request) { q.Header.Add("Authorization", r.token) }, 401, "Unauthorized"},
			{"in the query", func(q *http.Request) {
				q.Header.Del("Authorization")
				q.URL.RawQuery = "Authorization=" + r.token
			}, 401, "Unauthorized"},
			{"foreign host", func(q *http.Request) { q.Host = "evil.example" }, 403, "ForeignHost"},
			{"foreign host, our port", func(q *http.Request) { q.Host = "evil.example:" + port(r.address) }, 403, "ForeignHost"},
			{"our host, another port", func(q *http.Request) { q.Host = "127.0.0.1:1" }, 403, "ForeignHost"},
			{"no port", func(q *http.Request) { q.Host = "127.0.0.1" }, 403, "ForeignHost"},
			{"another loopback address", func(q *http.Request) { q.Host = "127.0.0.2:" + port(r.address) }, 403, "ForeignHost"},
			{"a name like ours", func(q *http.Request) { q.Host = "localhost.evil.example:" + port(r.address) }, 403, "ForeignHost"},
			{"post", func(q *http.Request) { q.Method = "POST" }, 405, "MethodNotAllowed"},
			{"put", func(q *http.Request) { q.Method = "PUT" }, 405, "MethodNotAllowed"},
			{"options", func(q *http.Request) { q.Method = "OPTIONS" }, 405, "MethodNotAllowed"},
		} {
			if path == "/nothing" && test.status == 405 {
				test.status, test.code = 404, "NotFound"
			}
			before := asked.Load()
			response, body := r.do(r.request(path, test.change))
			var e map[string]string
			err := json.Unmarshal([]byte(body), &e)
			if response.StatusCode != test.status || err != nil || e["code"] != test.code || e["message"] == "" || len(e) != 2 || response.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s: %s %s, want %d %s", test.name, path, response.Status, body, test.status, test.code)
			}
			if strings.Contains(body, r.token) || asked.Load() != before {
				t.Errorf("%s %s: %s; the source was asked %d times", test.name, path, body, asked.Load()-before)
			}
			if allow := response.Header.Get("Allow"); (allow == "GET, HEAD") != (test.status == 405) {
				t.Errorf("%s %s: Allow %q", test.name, path, allow)
			}
		}
	}
	if response, _ := r.do(r.request("/credentials", func(q *http.Request) { q.Host = "LocalHost:" + port(r.address) })); response.StatusCode != 200 {
		t.Errorf("localhost: %s", response.Status)
	}
}

func port(address string) string { return strings.TrimPrefix(address, "127.0.0.1:") }

func TestPaths(t *testing.T) {
	r := run(t, fixed(session(1)), fixed(session(2)), defaults)
	for _, path := range []string{"/", "//credentials", "/credentials/", "/./credentials", "/base/../credentials", "/Credentials", "/credentials%2f", "/credentials%00", "*", "credentials", "/..%2fetc/passwd"} {
		c := r.dial()
		c.say("GET " + path + " HTTP/1.1\r\nHost: %A\r\nAuthorization: %T\r\n\r\n")
		if status, body := c.hear(); status != 404 && status != 400 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// Hosts that only a raw request can have.
func TestRawHosts(t *testing.T) {
	r := run(t, fixed(session(1)), fixed(session(2)), defaults)
	for _, test := range []struct {
		request string
		status  int
	}{
		{"GET /credentials HTTP/1.1\r\nHost: %A\r\nAuthorization: %T\r\n\r\n", 200},
		{"GET http://%A/credentials HTTP/1.1\r\nHost: %A\r\nAuthorization: %T\r\n\r\n", 200},
		{"GET http://evil.example/credentials HTTP/1.1\r\nHost: %A\r\nAuthorization: %T\r\n\r\n", 403},
		{"GET /credentials HTTP/1.0\r\nAuthorization: %T\r\n\r\n", 403},
		{"GET /credentials HTTP/1.1\r\nAuthorization: %T\r\n\r\n", 400},
		{"GET /credentials HTTP/1.1\r\nHost: \r\nAuthorization: %T\r\n\r\n", 403},
		{"GET /credentials HTTP/1.1\r\nHost: %A\r\nHost: evil.example\r\nAuthorization: %T\r\n\r\n", 400},
		{"GET /credentials HTTP/1.1\r\nHost: [::1]:80\r\nAuthorization: %T\r\n\r\n", 403},
		{"OPTIONS * HTTP/1.1\r\nHost: %A\r\n\r\n", 401},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403},
	} {
		c := r.dial()
		c.say(test.request)
		if status, body := c.hear(); status != test.status {
			t.Errorf("%q: %d %s, want %d", test.request, status, body, test.status)
		}
	}
}

// inMemory calls h as a server on 127.0.0.1:80 would, without a network, on synctest's clock. It returns how long it took.
func inMemory(ctx context.Context, h http.Handler, token string) (*recorder, time.Duration) {
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, address80)
	q, err := http.NewRequestWithContext(ctx, "GET", "/credentials", nil)
	if err != nil {
		panic(err)
	}
	q.Host = "127.0.0.1:80"
	q.Header.Set("Authorization", token)
	w, began := &recorder{header: http.Header{}}, time.Now()
	h.ServeHTTP(w, q)
	return w, time.Since(began)
}

func TestWaitsForTheFirstSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		h := Handler("secret", paths(s, nil), nil)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if w, took := inMemory(t.Context(), h, "secret"); w.status != 200 || took != 20*time.Second {
					t.Errorf("after %v: %d %s", took, w.status, &w.body)
				}
			})
		}
		time.Sleep(20 * time.Second)
		one := session(1)
		s.session.Store(&one)
		close(s.put)
		all.Wait()
	})
}

func TestNoSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Handler("secret", paths(newShelf(), nil), nil)
		w, took := inMemory(t.Context(), h, "secret")
		if want := `{"code":"NoSession","message":"there is no session for anybody"}`; w.status != 503 || took != 25*time.Second || w.body.String() != want {
			t.Errorf("after %v: %d %s", took, w.status, &w.body)
		}
		// A client that goes is not waited for.
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, took := inMemory(ctx, h, "secret"); took != 3*time.Second {
			t.Errorf("the client was waited for: %v", took)
		}
		// Whoever has no token does not learn that there is no session.
		if w, took := inMemory(t.Context(), h, "wrong"); w.status != 401 || took != 0 {
			t.Errorf("after %v: %d", took, w.status)
		}
	})
}

// Under load and with a new session every moment, an answer is one session's, and the newest.
func TestReplacedUnderLoad(t *testing.T) {
	var n atomic.Int64
	source := called(func(context.Context) (chain.Session, error) { return session(int(n.Load())), nil })
	r := run(t, source, source, defaults)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				before := n.Add(1)
				_, body := r.do(r.request("/credentials", nil))
				var a struct{ AccessKeyId, SecretAccessKey, Token string }
				if err := json.Unmarshal([]byte(body), &a); err != nil {
					t.Errorf("%v in %q", err, body)
					return
				}
				id := strings.TrimPrefix(a.AccessKeyId, "ASIAEXAMPLE")
				if a.SecretAccessKey != "secret/"+id+"+" || a.Token != "token/"+id+"+==" {
					t.Errorf("torn: %s", body)
				}
				if id < session(int(before)).AccessKeyID[len("ASIAEXAMPLE"):] {
					t.Errorf("%s is older than %d", id, before)
				}
			}
		})
	}
	all.Wait()
}

func TestStatusThatCannotBeWritten(t *testing.T) {
	token := NewToken()
	r := runHandler(t, token, Handler(token, paths(nil, nil), func() any { return func() {} }), defaults)
	if response, body := r.do(r.request("/status", nil)); response.StatusCode != 500 || !strings.Contains(body, `"code":"Internal"`) {
		t.Errorf("%s %s", response.Status, body)
	}
}

func TestNoTokenLetsNobodyIn(t *testing.T) {
	if w, _ := inMemory(t.Context(), Handler("", paths(fixed(session(1)), nil), nil), ""); w.status != 401 {
		t.Errorf("%d %s", w.status, &w.body)
	}
}

func TestNewToken(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := NewToken()
		if len(token) != 43 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || seen[token] {
			t.Fatalf("%q", token)
		}
		seen[token] = true
	}
}
