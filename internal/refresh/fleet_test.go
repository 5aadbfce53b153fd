package refresh

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rolechain/internal/chain"
)

// A thousand pods of a job that starts ask STS together once, and never again.
func TestFleet(t *testing.T) {
	const pods = 1000
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		began := time.Now()
		second := map[int]int{} // calls by the second
		down := false
		get := func(context.Context, chain.Session) (chain.Session, error) {
			mu.Lock()
			defer mu.Unlock()
			second[int(time.Since(began)/time.Second)]++
			if down {
				return chain.Session{}, errDown
			}
			return session(1, time.Now().Add(time.Hour)), nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for range pods {
			go New(Options{Get: get}).Run(ctx)
		}
		most := func(from, to time.Duration) (most, all int) {
			time.Sleep(time.Until(began.Add(to)))
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			for s := int(from / time.Second); s < int(to/time.Second); s++ {
				most, all = max(most, second[s]), all+second[s]
			}
			return most, all
		}
		if n, all := most(0, 10*time.Minute); n != pods || all != pods {
			t.Fatalf("at the start %d calls in a second, %d in all", n, all)
		}
		// 1000 in 20 minutes are 0.8 a second on average.
		if n, all := most(10*time.Minute, 30*time.Minute+time.Second); n > 10 || all != pods {
			t.Errorf("first refresh: up to %d calls a second, %d in all", n, all)
		}
		if n, all := most(31*time.Minute, 61*time.Minute); n > 10 || all < pods || all > pods*5/4 {
			t.Errorf("second refresh: up to %d calls a second, %d in all", n, all)
		}
		// An outage that all of them meet, and its end.
		mu.Lock()
		down = true
		mu.Unlock()
		if n, _ := most(75*time.Minute, 91*time.Minute); n > 80 { // 1000 every 30 s are 33
			t.Errorf("in the outage: up to %d calls a second", n)
		}
		mu.Lock()
		down = false
		mu.Unlock()
		if n, all := most(91*time.Minute, 110*time.Minute); n > 80 || all > pods {
			t.Errorf("after the outage: up to %d calls a second, %d in all", n, all)
		}
	})
}
