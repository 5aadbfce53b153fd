package s3test_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// setBody gives a signed request another body.
func setBody(out *http.Request, body string) {
	out.Body = io.NopCloser(strings.NewReader(body))
	out.ContentLength = int64(len(body))
}

func TestNew(t *testing.T) {
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{ARN: clientRole}}}})
	if err != nil {
		t.Fatal(err)
	}
	good := s3test.Options{STS: sts, Region: region, Backend: "http://127.0.0.1:5000/"}
	if _, err := s3test.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*s3test.Options){
		"no STS":         func(o *s3test.Options) { o.STS = nil },
		"no region":      func(o *s3test.Options) { o.Region = "" },
		"no backend":     func(o *s3test.Options) { o.Backend = "" },
		"backend's path": func(o *s3test.Options) { o.Backend = "http://127.0.0.1:5000/path" },
		"no role":        func(o *s3test.Options) { o.Grants = []s3test.Grant{{Bucket: "b", Actions: []string{"s3:*"}}} },
		"nothing":        func(o *s3test.Options) { o.Grants = []s3test.Grant{{Role: clientRole, Actions: []string{"s3:*"}}} },
		"bucket and queue": func(o *s3test.Options) {
			o.Grants = []s3test.Grant{{Role: clientRole, Bucket: "b", Queue: "q", Actions: []string{"s3:*"}}}
		},
		"no action": func(o *s3test.Options) { o.Grants = []s3test.Grant{{Role: clientRole, Bucket: "b"}} },
		"other's action": func(o *s3test.Options) {
			o.Grants = []s3test.Grant{{Role: clientRole, Bucket: "b", Actions: []string{"sqs:SendMessage"}}}
		},
		"inner star": func(o *s3test.Options) {
			o.Grants = []s3test.Grant{{Role: clientRole, Bucket: "b", Actions: []string{"s3:*Object"}}}
		},
	} {
		o := good
		spoil(&o)
		if _, err := s3test.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestGrants: IAM's names match in any case and by their beginning; a role's grant is nobody else's.
func TestGrants(t *testing.T) {
	for _, c := range []struct {
		grant  s3test.Grant
		passes bool
	}{
		{s3test.Grant{Role: clientRole, Bucket: "data", Actions: []string{"s3:ListBucket", "s3:GetObject"}}, true},
		{s3test.Grant{Role: clientRole, Bucket: "data", Actions: []string{"s3:getobject"}}, true},
		{s3test.Grant{Role: clientRole, Bucket: "data", Actions: []string{"s3:Get*"}}, true},
		{s3test.Grant{Role: clientRole, Bucket: "*", Actions: []string{"s3:*"}}, true},
		{s3test.Grant{Role: clientRole, Bucket: "data", Actions: []string{"s3:GetObjectVersion*"}}, false},
		{s3test.Grant{Role: clientRole, Bucket: "data", Actions: []string{"s3:GetObjectAcl"}}, false},
		{s3test.Grant{Role: clientRole, Bucket: "dat", Actions: []string{"s3:*"}}, false},
		{s3test.Grant{Role: jobRole, Bucket: "data", Actions: []string{"s3:*"}}, false},
		{s3test.Grant{Role: clientRole, Queue: "data", Actions: []string{"sqs:*"}}, false},
	} {
		_, _, e := newRig(t, nil, c.grant).do(call{})
		if (e.Refused == "") != c.passes {
			t.Errorf("%+v: %+v", c.grant, e)
		}
	}
}

// TestConnection: ranges, waiting for 100 Continue, large bodies and a connection for several requests, after a refusal too.
func TestConnection(t *testing.T) {
	r := newRig(t, nil, all...)
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<16) // 20 MiB
	reused := 0
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused {
			reused++
		}
	}}
	calls := []call{
		{headers: []string{"Range", "bytes=1-2"}},
		{method: "PUT", body: string(large), headers: []string{"Expect", "100-continue"}},
		{method: "PUT", body: string(large), headers: []string{"Expect", "100-continue"}, key: r.session(jobRole)},
		{},
	}
	for i, c := range calls {
		out := r.request(c)
		answer, _, e := r.send(out.WithContext(httptrace.WithClientTrace(out.Context(), trace)))
		if answer.Close {
			t.Errorf("the answer to request %d ends the connection", i)
		}
		if (e.Refused != "") != (i == 2) {
			t.Fatalf("request %d: %+v", i, e)
		}
		switch i {
		case 0:
			if got := r.last(1).header.Get("Range"); got != "bytes=1-2" {
				t.Errorf("the backend was asked for the range %q", got)
			}
		case 1:
			if got := r.last(2); got.body != string(large) || got.header.Get("Expect") != "" {
				t.Errorf("the backend got %d bytes, %v", len(got.body), got.header)
			}
		}
	}
	// Not all: net/http's client leaves a connection whose writing goroutine has not come back 50 ms after the answer, as on a
	// busy machine.
	if reused == 0 {
		t.Errorf("none of %d requests came on a connection that was there", len(calls))
	}
}

// TestAnswer: the backend's answer comes as it is, whatever its encoding; without a backend it is a 500 that is written down.
func TestAnswer(t *testing.T) {
	r := newRig(t, nil, all...)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", `"e"`)
		w.WriteHeader(206)
		io.WriteString(w, "not really gzip")
	})
	response, body, e := r.do(call{})
	if body != "not really gzip" || response.Header.Get("ETag") != `"e"` || response.Header.Get("Content-Encoding") != "gzip" || e.Status != 206 || e.Refused != "" {
		t.Errorf("%v %q %+v", response.Header, body, e)
	}
	r.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, _, e := r.do(call{}); e.Status != 500 || e.Refused != "InternalError" || !strings.Contains(e.Reason, "asking the backend: ") {
		t.Errorf("%+v", e)
	}
}

// TestTooLarge has a body beyond what is held in memory.
func TestTooLarge(t *testing.T) {
	r := newRig(t, nil, all...)
	out := r.request(call{method: "PUT", payload: "UNSIGNED-PAYLOAD"})
	out.Body, out.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 66<<20)), 66<<20
	recorder := httptest.NewRecorder()
	r.gate.ServeHTTP(recorder, out)
	if e := r.gate.Journal()[0]; e.Refused != "EntityTooLarge" || recorder.Code != 400 {
		t.Errorf("%+v", e)
	}
	r.last(0)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestHold: an answer waits for its time, with the request in the journal; a refusal does not.
func TestHold(t *testing.T) {
	const wait = 50 * time.Millisecond
	var held []s3test.Entry
	r := newRig(t, func(e s3test.Entry) time.Time {
		held = append(held, e)
		return e.Time.Add(wait)
	}, all...)
	start := time.Now()
	if _, body, _ := r.do(call{}); body != "stored" {
		t.Errorf("answer %q", body)
	}
	if e := r.gate.Journal()[0]; time.Since(start) < wait || len(held) != 1 || held[0] != e || e.Status != 200 {
		t.Errorf("held %v after %v; the journal has %+v", held, time.Since(start), e)
	}
	if r.do(call{key: r.session(jobRole)}); len(held) != 1 {
		t.Errorf("asked about a refusal: %+v", held)
	}
	if _, _, e := newRig(t, func(s3test.Entry) time.Time { return time.Time{} }, all...).do(call{}); e.Status != 200 {
		t.Errorf("not held: %+v", e)
	}
}

// TestClientLeaves: a request whose client has gone is written down as that, and not as a refusal.
func TestClientLeaves(t *testing.T) {
	r := newRig(t, nil, all...)
	out := r.request(call{})
	ctx, cancel := context.WithCancel(t.Context())
	r.answers(func(_ http.ResponseWriter, asked *http.Request) {
		cancel()
		<-asked.Context().Done()
	})
	defer func() {
		e := r.gate.Journal()[0]
		if cut := recover(); cut != http.ErrAbortHandler || !e.Left || e.Refused != "" || e.Role == "" {
			t.Errorf("ended by %v, with %+v in the journal", cut, e)
		}
	}()
	r.gate.ServeHTTP(httptest.NewRecorder(), out.WithContext(ctx))
	t.Error("the request was answered")
}

// TestRefusedClientLeaves: that it has gone does not hide what it was refused for.
func TestRefusedClientLeaves(t *testing.T) {
	r := newRig(t, nil, all...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.gate.ServeHTTP(httptest.NewRecorder(), r.request(call{key: r.session(jobRole)}).WithContext(ctx))
	if e := r.gate.Journal()[0]; e.Left || e.Refused != "AccessDenied" {
		t.Errorf("the journal has %+v", e)
	}
}

// TestHeldClientLeaves: the wait ends with the request, and nothing is answered.
func TestHeldClientLeaves(t *testing.T) {
	var r *rig
	leave := func() {}
	r = newRig(t, func(s3test.Entry) time.Time {
		if len(r.gate.Journal()) != 1 {
			t.Error("held before it was written down")
		}
		leave()
		return time.Now().Add(24 * time.Hour)
	}, all...)
	out := r.request(call{})
	ctx, cancel := context.WithCancel(t.Context())
	leave = cancel
	recorder := httptest.NewRecorder()
	defer func() {
		if cut := recover(); cut != http.ErrAbortHandler || recorder.Body.Len() > 0 {
			t.Errorf("ended by %v with %q", cut, recorder.Body)
		}
	}()
	r.gate.ServeHTTP(recorder, out.WithContext(ctx))
	t.Error("the request was answered")
}
