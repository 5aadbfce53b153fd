package main

import (
	"strings"
	"testing"
	"time"
)

func wantTable(t *testing.T, got, want string) {
	t.Helper()
	if "\n"+got != want {
		t.Errorf("got:\n%s\nwant:%s", got, want)
	}
}

func TestStartsTable(t *testing.T) {
	b := block{latency: 30 * time.Millisecond, rounds: 3,
		direct: &contender{name: "calls", calls: 2, times: []float64{60, 61, 160}},
		starts: []starts{{
			profile:   &contender{name: "profile", home: "disk", times: []float64{10, 9, 40}},
			refreshed: []*contender{{name: "endpoint", home: "disk", calls: 2, times: []float64{140, 141, 400}}},
		}}}
	if n := len(b.contenders()); n != 3 {
		t.Errorf("%d contenders", n)
	}
	var out strings.Builder
	if err := startsTable(&out, []block{b}); err != nil {
		t.Fatal(err)
	}
	wantTable(t, out.String(), `
time to the first session: from the spawn to the original's first instructions
STS takes  start     HOME  to the calls + profile's start  ms beyond the calls (aim 20)  median ms  calls  rounds
30 ms      calls     -     -                               -                             61.0       2      3
30 ms      profile   disk  -                               -                             10.0       0      3
30 ms      endpoint  disk  2.00 (2.00-2.01)                80.0 (80.0-208.0)             141.0      2      3
`)
}

func TestCallsTable(t *testing.T) {
	var out strings.Builder
	if err := callsTable(&out, []count{{"Go v2", 16, map[string]int{"profile": 32, "file": 34, "endpoint": 2}}}); err != nil {
		t.Fatal(err)
	}
	wantTable(t, out.String(), `
calls to STS of one pod, its start included
SDK    sessions at once  profile  file  endpoint (aim 2)
Go v2  16                32       34    2
`)
}

func TestLoadTable(t *testing.T) {
	one := &contest{fresh: true, clients: 8, servers: []*contestant{
		{name: "bare", rates: []float64{100, 200}, took: []float64{1, 2, 3}},
		{name: "bare, as the worker", rates: []float64{50, 100}, took: []float64{4, 4, 4}},
		{name: "endpoint", rates: []float64{80, 160}, took: []float64{3, 2, 1}},
	}}
	var out strings.Builder
	if err := loadTable(&out, []*contest{one}, 2); err != nil {
		t.Fatal(err)
	}
	wantTable(t, out.String(), `
requests to the endpoint, 2 rounds; as the worker: GOMAXPROCS=1 GOGC=20
connections  clients  server               rate to bare (aim 0.80)  to bare as the worker  requests/s  median µs  p99 µs
fresh        8        bare                 1                        2.00 (2.00-2.00)       150         2          3
fresh        8        bare, as the worker  0.50 (0.50-0.50)         1                      75          4          4
fresh        8        endpoint             0.80 (0.80-0.80)         1.60 (1.60-1.60)       120         2          3
`)
}

func TestMemoryTable(t *testing.T) {
	var out strings.Builder
	if err := memoryTable(&out, []reading{{"endpoint", footprint{1000, 900, 5000}, footprint{2072, 1600, 9000}}}); err != nil {
		t.Fatal(err)
	}
	wantTable(t, out.String(), `
memory of the refresher, supervisor and worker together
delivery  private to the aim  private kB (aim 6144)  supervisor's  worker's  anonymous kB  supervisor's  worker's
endpoint  0.50                3072                   1000          2072      2500          900           1600
`)
}
