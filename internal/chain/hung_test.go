package chain

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rolechain/internal/exit"
	"rolechain/internal/hungtest"
)

// A token file that cannot be read because its file system hangs fails a try, which may be made again.
func TestHungToken(t *testing.T) {
	p := overTCP(t, roles(), nil)
	p.client() // it works
	release := hungtest.InTest(t, nil, filepath.Dir(p.spec.TokenFile))
	p.chain.held[0] = held{}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.chain.Client(ctx)
	var e *Error
	if !errors.As(err, &e) || !transient(err) || exit.CodeOf(AsExit(e)) != exit.NoToken || !strings.Contains(err.Error(), p.spec.TokenFile) || !strings.Contains(err.Error(), "its file system does not answer") || !strings.Contains(e.Hint, "hangs") {
		t.Errorf("%v", err)
	}
	// Nobody else is trying: the error is of this hop, also when there was no time at all.
	for range 20 {
		if _, err := p.chain.Client(ctx); !errors.As(err, &e) || exit.CodeOf(AsExit(e)) != exit.NoToken {
			t.Fatalf("after the time: %v", err)
		}
	}
	release()
	p.client()
}
