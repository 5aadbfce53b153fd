package main

import (
	"fmt"
	"math"
	"strings"
	"sync"
)

// The plot's size and its margins, in pixels; a minute is one wide.
const (
	plotWidth, plotHeight = day / 60, 500
	plotLeft, plotTop     = 70, 30
	decades               = 5 // from 1 to 100,000 calls a second
)

var colors = []string{"#0b6e4f", "#c1121f", "#f4a261", "#6a4c93"}

// plot is docs/scale.svg: calls per second over a day, on a logarithmic scale, with STS's quota.
func plot() string {
	lines := make([]string, len(colors))
	var all sync.WaitGroup
	for i, c := range contenders[:len(colors)] {
		all.Go(func() {
			r := run(scenario{pods: fleet, window: 30, length: day, seed: seed}, c.perPod, c.fresh)
			lines[i] = fmt.Sprintf("<path d=\"%s\" stroke=\"%s\" fill=\"none\"/>\n", path(r.minutes), colors[i])
		})
	}
	all.Wait()
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"16\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		plotLeft+plotWidth+20, plotTop+plotHeight+130)
	for d := range decades + 1 {
		y := height(math.Pow10(d))
		fmt.Fprintf(&b, "<path d=\"M%d %dh%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", plotLeft, y, plotWidth, plotLeft-8, y+5, count(int(math.Pow10(d))))
	}
	for h := 0; h <= 24; h += 3 {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d h</text>\n", plotLeft+h*60, plotTop+plotHeight+22, h)
	}
	b.WriteString(strings.Join(lines, ""))
	y := height(limit)
	fmt.Fprintf(&b, "<path d=\"M%d %dh%d\" stroke=\"black\" stroke-dasharray=\"8 6\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\">STS: %d calls per second of an account in a Region</text>\n",
		plotLeft, y, plotWidth, plotLeft+plotWidth, y-6, limit)
	for i, c := range contenders[:len(colors)] {
		x, y := plotLeft+plotWidth/2*(i%2), plotTop+plotHeight+60+30*(i/2)
		fmt.Fprintf(&b, "<path d=\"M%d %dh40\" stroke=\"%s\" stroke-width=\"4\"/><text x=\"%d\" y=\"%d\">%s</text>\n", x, y, colors[i], x+50, y+5, c.name)
	}
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"20\">calls to STS per second, %s pods that start within 30 seconds</text>\n</svg>\n", plotLeft, count(fleet))
	return b.String()
}

// height is where so many calls a second are; fewer than one are at the bottom.
func height(perSecond float64) int {
	up := math.Log10(max(1, perSecond)) / decades
	return plotTop + plotHeight - int(up*plotHeight+0.5)
}

func path(minutes []int) string {
	var b strings.Builder
	last := height(float64(minutes[0]) / 60)
	fmt.Fprintf(&b, "M%d %d", plotLeft, last)
	for _, n := range minutes[1:] {
		y := height(float64(n) / 60)
		fmt.Fprintf(&b, "l1 %d", y-last)
		last = y
	}
	return b.String()
}
