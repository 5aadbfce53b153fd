package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	floor := &contender{name: "floor", times: []float64{1000, 2000, 3000}}
	script := &contender{name: "script", home: "disk", times: []float64{4000, 8000, 12000}}
	ours := &contender{name: "ours", home: "disk", times: []float64{1500, 3000, 4500}, script: script}
	other := &contender{name: "other", home: "disk", times: []float64{3000, 6000, 9000}, script: script, present: ours}
	tini := &contender{name: "tini", missing: "it is not on PATH"}
	noScript := &contender{name: "alone", times: []float64{500, 1000, 1500}, script: tini}

	for _, c := range []struct {
		list []*contender
		want string
	}{
		{[]*contender{floor, tini, script, ours, noScript}, `
start   HOME  to floor (aim 1.35)  to script (aim 0.40)  median µs
floor   -     1                    -                     2
tini    -     not measured: it is not on PATH
script  disk  4.00 (4.00-4.00)  -                 8
ours    disk  1.50 (1.50-1.50)  0.38 (0.38-0.38)  3
alone   -     0.50 (0.50-0.50)  -                 1
`},
		{[]*contender{floor, ours, other}, `
start  HOME  to floor (aim 1.35)  to script (aim 0.40)  median µs  to this tree's
floor  -     1                    -                     2          -
ours   disk  1.50 (1.50-1.50)     0.38 (0.38-0.38)      3          -
other  disk  3.00 (3.00-3.00)     0.75 (0.75-0.75)      6          2.00 (2.00-2.00)
`},
	} {
		var out strings.Builder
		if err := table(&out, c.list); err != nil {
			t.Fatal(err)
		}
		if got := "\n" + out.String(); got != c.want {
			t.Errorf("got:%s\nwant:%s", got, c.want)
		}
	}
}
