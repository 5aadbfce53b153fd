package report

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A stuck writer takes nothing until it is let go.
type stuck struct {
	goOn chan struct{}
	got  strings.Builder
}

func (s *stuck) Write(b []byte) (int, error) { <-s.goOn; return s.got.Write(b) }

// Nobody who logs waits for a reader that does not read; what fits is written when it reads again, in order.
func TestBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &stuck{goOn: make(chan struct{})}
		b := NewBackground(out)
		began := time.Now()
		line := make([]byte, 0, 16)
		for i := range 1000 {
			line = fmt.Appendf(line[:0], "%d\n", i)
			if n, err := b.Write(line); n != len(line) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
		b.Close(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		_, _ = b.Write([]byte("late\n"))
		close(out.goOn)
		synctest.Wait()
		if got := strings.Fields(out.got.String()); len(got) < mostLines || got[0] != "0" || got[mostLines-1] != fmt.Sprint(mostLines-1) {
			t.Errorf("written: %v", got)
		}
		b.lines <- nil // or its goroutine would be left
	})
}

func TestBackgroundCloses(t *testing.T) {
	var out strings.Builder
	b := NewBackground(&out)
	_, _ = b.Write([]byte("one\n"))
	_, _ = b.Write([]byte("two\n"))
	b.Close(time.Minute)
	if out.String() != "one\ntwo\n" {
		t.Errorf("written: %q", out.String())
	}
}
