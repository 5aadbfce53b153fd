package refresher

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"rolechain/internal/chain"
)

// The whole of an exposition: families in order, each with what OpenMetrics wants to know, buckets that add up.
func TestText(t *testing.T) {
	m := newMeter(2)
	m.call(2, 25*time.Millisecond)
	m.call(2, 300*time.Millisecond)
	m.call(2, time.Minute)
	m.left["default"] = func() float64 { return 1800 }
	m.left["idle"] = math.NaN
	m.failed("default", &chain.Error{Hop: 1, Code: `Throt"tling`})
	const want = `# TYPE rolechain_refresh_failures counter
# HELP rolechain_refresh_failures Tries for a session of a profile that failed, by the hop that did and AWS's code.
rolechain_refresh_failures_total{profile="default",hop="1",code="Throttling"} 1
# TYPE rolechain_session_left_seconds gauge
# UNIT rolechain_session_left_seconds seconds
# HELP rolechain_session_left_seconds Time until the session of a profile ends; NaN while nobody has asked for it.
rolechain_session_left_seconds{profile="default"} 1800
rolechain_session_left_seconds{profile="idle"} NaN
# TYPE rolechain_sts_duration_seconds histogram
# UNIT rolechain_sts_duration_seconds seconds
# HELP rolechain_sts_duration_seconds Time that a call of a hop took, whatever its answer.
rolechain_sts_duration_seconds_bucket{hop="2",le="0.025"} 1
rolechain_sts_duration_seconds_bucket{hop="2",le="0.05"} 1
rolechain_sts_duration_seconds_bucket{hop="2",le="0.1"} 1
rolechain_sts_duration_seconds_bucket{hop="2",le="0.25"} 1
rolechain_sts_duration_seconds_bucket{hop="2",le="0.5"} 2
rolechain_sts_duration_seconds_bucket{hop="2",le="1.5"} 2
rolechain_sts_duration_seconds_bucket{hop="2",le="4.5"} 2
rolechain_sts_duration_seconds_bucket{hop="2",le="9.5"} 2
rolechain_sts_duration_seconds_bucket{hop="2",le="+Inf"} 3
rolechain_sts_duration_seconds_sum{hop="2"} 60.325
rolechain_sts_duration_seconds_count{hop="2"} 3
# TYPE rolechain_worker_restarts counter
# HELP rolechain_worker_restarts Workers that were started in the place of one that died or hung.
rolechain_worker_restarts_total 2
# EOF
`
	if got := string(m.text()); got != want {
		t.Errorf("got\n%s", got)
	}
}

// Who answers with ever new codes does not fill the memory.
func TestCodesAreBounded(t *testing.T) {
	m := newMeter(0)
	for i := range 3 * maxCodes {
		m.failed("default", &chain.Error{Hop: 2, Code: fmt.Sprint("Code", i)})
	}
	text := string(m.text())
	if n := strings.Count(text, "\nrolechain_refresh_failures_total"); n != maxCodes+1 {
		t.Errorf("%d series, not %d", n, maxCodes+1)
	}
	if other := fmt.Sprintf(`code="other"} %d`, 2*maxCodes); !strings.Contains(text, other) {
		t.Errorf("no %s in\n%s", other, text)
	}
}
