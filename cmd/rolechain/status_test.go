package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"rolechain/internal/handover"
)

// A worker that is killed while it answers resets the connection: its successor is asked. An answer that is wrong, and a
// refresher that is not there, are told at once.
func TestStatusAsksTheSuccessor(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); {
		case n <= 2:
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		case n == 3:
			io.WriteString(w, `{"role":"the role"}`)
		default:
			io.WriteString(w, "not JSON")
		}
	}))
	defer server.Close()
	d := handover.Discovery{URL: server.URL, Token: "token"}
	var st status
	if err := untilAnswered(t.Context(), d, &st); err != nil || st.Role != "the role" {
		t.Errorf("%+v, %v", st, err)
	}
	if err := untilAnswered(t.Context(), d, &st); err == nil || asked.Load() != 4 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
	server.Close()
	if err := untilAnswered(t.Context(), d, &st); err == nil {
		t.Error("nobody answers, and that is no error")
	}
}
