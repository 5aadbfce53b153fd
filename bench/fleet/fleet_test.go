package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"rolechain/internal/refresh"
)

// Pods that start within half a minute are not in step from the second hour on.
func TestPeakOverMean(t *testing.T) {
	for _, pods := range []int{10_000, 20_000} {
		r := run(scenario{pods: pods, window: 30, length: 6 * hour, seed: 2}, 1, newPod)
		if got := r.peak(hour, 6*hour) / r.mean(hour, 6*hour); got > 1.5 || got < 1 {
			t.Errorf("%d pods: the highest minute is %.2f of the mean", pods, got)
		}
		if first := r.peak(0, hour); int(first*60) != 2*pods {
			t.Errorf("%d pods: %.0f calls in the minute of the start", pods, 60*first)
		}
	}
}

// An unspread pod takes its first session for a later one: what the schedule was before.
type unspread struct{ *pod }

func (u unspread) step(w *world) time.Duration {
	wait := u.pod.step(w)
	if !u.state.First || u.began >= 0 {
		return wait
	}
	u.state.First = false
	now := clock(w.now)
	return refresh.Next(now, u.state, w.random.Float64()).Sub(now)
}

func TestWithoutTheSpread(t *testing.T) {
	r := run(scenario{pods: 10_000, window: 30, length: 6 * hour, seed: 2}, 1, func() client { return unspread{&pod{began: -1, waiting: true}} })
	if got := r.peak(hour, 6*hour) / r.mean(hour, 6*hour); got < 2.5 {
		t.Errorf("without a spread of the first refresh the highest minute is %.2f of the mean", got)
	}
}

// An outage of 25 minutes, from wherever in their sessions' lives, ends no session, and STS is not asked more than once in a
// few seconds by each pod.
func TestOutageEndsNoSession(t *testing.T) {
	for from := 2 * hour; from < 3*hour; from += 11 * 60 {
		to := from + 25*60
		r := run(scenario{pods: 5000, window: 600, length: 4 * hour, limit: limit, outage: span{from, to}, seed: 3}, 1, newPod)
		if r.ended > 0 || r.peak(from, to) > 5000/10 || r.mean(from, to) == 0 {
			t.Errorf("from %v on: %d sessions ended, %.0f calls a second", lasting(from), r.ended, r.peak(from, to))
		}
	}
}

// The page in docs is what this program writes: its words, and the rows that are made in no time.
func TestPageIsWhatIsWritten(t *testing.T) {
	data, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	rest := string(data)
	for _, part := range strings.Split(text, "%s") {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("run make fleet: docs/scale.md does not have\n%s", part)
		}
		rest = after
	}
	for _, row := range []string{
		dayHead, dayRow(100, 30), dayRow(1000, 30), contenders[1].row(), contenders[0].outageRow(10_000),
		contenders[1].restartRow(fleet), startRow(120, 60),
	} {
		if !strings.Contains(string(data), row) {
			t.Errorf("run make fleet: docs/scale.md does not have\n%s", row)
		}
	}
}
