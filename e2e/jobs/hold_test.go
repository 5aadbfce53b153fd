package jobs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/s3test"
)

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var latest time.Time
		issue := func() time.Time {
			latest = time.Now().Add(20 * time.Second)
			return latest
		}
		h := &Hold{Times: Ends, group: func(e s3test.Entry) string { return e.Key }, latest: func() time.Time { return latest }}
		first := issue()
		if got := h.until(s3test.Entry{}); !got.IsZero() {
			t.Errorf("a request of no group is held until %v", got)
		}
		if got, want := h.until(s3test.Entry{Key: "a"}), first.Add(time.Second); !got.Equal(want) {
			t.Errorf("held until %v, want %v", got, want)
		}
		// A younger session does not make the hold longer, and whoever comes meanwhile waits as well.
		time.Sleep(5 * time.Second)
		issue()
		if got, want := h.until(s3test.Entry{Key: "b"}), first.Add(time.Second); !got.Equal(want) || h.ended() != 1 {
			t.Errorf("during a hold: until %v, want %v; %d holds", got, want, h.ended())
		}
		time.Sleep(time.Minute)
		if got := h.until(s3test.Entry{Key: "a"}); !got.IsZero() {
			t.Errorf("the group is held again until %v", got)
		}
		for i := range Ends {
			want := issue().Add(time.Second)
			if i == Ends-1 {
				want = time.Time{} // one too many
			}
			if got := h.until(s3test.Entry{Key: fmt.Sprint(i)}); !got.Equal(want) {
				t.Errorf("hold %d until %v, want %v", i+2, got, want)
			}
			time.Sleep(time.Minute)
		}
		if h.ended() != Ends {
			t.Errorf("%d holds, want %d", h.ended(), Ends)
		}
	})
}
