package endpoint

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/refresh"
)

// With the refresher behind it: no request fails while a session is held; after its end a request waits for the next
// one, and says after 25 s why there is none.
func TestWithRefresher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		get := func(context.Context, chain.Session) (chain.Session, error) {
			if down.Load() {
				return chain.Session{}, &chain.Error{Hop: 1, Role: baseRole, Action: "AssumeRoleWithWebIdentity", Kind: chain.Transient, Message: "connection refused"}
			}
			return session(1), nil
		}
		k := refresh.New(refresh.Options{Role: clientRole, Get: get})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		h := Handler("secret", paths(k, nil), nil)
		go k.Run(ctx)

		ask := func() (int, string, time.Duration) {
			w, took := inMemory(ctx, h, "secret")
			return w.status, w.body.String(), took
		}
		if status, body, took := ask(); status != 200 || took != 0 {
			t.Fatalf("after %v: %d %s", took, status, body)
		}
		down.Store(true)
		for range 60 * 60 {
			if status, body, took := ask(); status != 200 || took != 0 {
				t.Fatalf("while a session is held: after %v: %d %s", took, status, body)
			}
			time.Sleep(time.Second - time.Nanosecond)
		}
		time.Sleep(time.Second)
		status, body, took := ask()
		if status != 503 || took != patience || !strings.Contains(body, "ended at 2000-01-01T01:00:00Z: first hop") || !strings.HasSuffix(body, `: connection refused"}`) {
			t.Errorf("after %v: %d %s", took, status, body)
		}
		down.Store(false)
		time.Sleep(time.Minute + time.Second) // the bound between two tries
		status, body, took = ask()
		if status != 200 || took != 0 {
			t.Errorf("after %v: %d %s", took, status, body)
		}
	})
}
