package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	seed  = 1
	limit = 600 // requests per second of an account in a Region: AWS's documented quota of STS
	fleet = 20_000
)

const dayHead = "| pods | mean | highest minute from the second hour on | of the mean | highest minute of the first hour |\n|---|---|---|---|---|\n"

// dayRow is a day of pods that start within window seconds, with an STS that takes whatever comes.
func dayRow(pods, window int) string {
	r := run(scenario{pods: pods, window: window, length: day, seed: seed}, 1, newPod)
	return row(count(pods), rate(r.mean(hour, day)), rate(r.peak(hour, day)), ratio(r, hour, day), rate(r.peak(0, hour)))
}

// A contender is somebody who calls STS.
type contender struct {
	name   string
	perPod int
	fresh  func() client
}

var contenders = []contender{
	{"rolechain", 1, newPod},
	{"a loop of 48 minutes (AWS's script)", 1, newLoop},
	{"SDKs that chain, 1 session a pod", 1, newSDK},
	{"SDKs that chain, 16 sessions a pod", 16, newSDK},
	{"SDKs that chain, 64 sessions a pod", 64, newSDK},
}

func (c contender) row() string {
	r := run(scenario{pods: fleet, window: 30, length: day, seed: seed}, c.perPod, c.fresh)
	return row(c.name, rate(r.mean(hour, day)), rate(r.peak(hour, day)), ratio(r, hour, day), rate(r.peak(0, hour)))
}

// outageRow is an STS that is away for 25 minutes in the fourth hour.
func (c contender) outageRow(pods int) string {
	const from, to = 3 * hour, 3*hour + 25*60
	r := run(scenario{pods: pods, window: 10 * 60, length: 5 * hour, limit: limit, outage: span{from, to}, seed: seed}, c.perPod, c.fresh)
	return row(c.name, count(pods), rate(r.peak(from, to)), rate(r.peak(to, 5*hour)), count(r.refused), count(r.ended))
}

// restartRow is a Region whose pods are all started again within a minute in the fourth hour.
func (c contender) restartRow(pods int) string {
	const from = 3 * hour
	r := run(scenario{pods: pods, window: 10 * 60, length: 8 * hour, limit: limit, restart: span{from, from + 60}, seed: seed}, c.perPod, c.fresh)
	return row(c.name, count(pods), lasting(r.lastStart-from), count(r.gaveUp), rate(r.peak(from+hour, 8*hour)), ratio(r, from+hour, 8*hour))
}

// startRow is a fleet that starts with an STS that throttles.
func startRow(window, timeout int) string {
	r := run(scenario{pods: fleet, window: window, length: hour, limit: limit, timeout: timeout, seed: seed}, 1, newPod)
	return row(lasting(window), lasting(timeout), lasting(r.lastStart), count(r.gaveUp), count(r.refused))
}

func page() string {
	var days, compared, outages, restarts, starts []func() string
	for _, pods := range []int{100, 1000, 10_000, fleet, 50_000} {
		days = append(days, func() string { return dayRow(pods, 30) })
	}
	for _, c := range contenders {
		compared = append(compared, c.row)
	}
	for _, pods := range []int{10_000, fleet, 50_000} {
		outages = append(outages, func() string { return contenders[0].outageRow(pods) })
		restarts = append(restarts, func() string { return contenders[0].restartRow(pods) })
	}
	for _, c := range contenders[1:4] {
		outages = append(outages, func() string { return c.outageRow(fleet) })
		restarts = append(restarts, func() string { return c.restartRow(fleet) })
	}
	for _, window := range []int{30, 120, 300} {
		for _, timeout := range []int{60, 300} {
			starts = append(starts, func() string { return startRow(window, timeout) })
		}
	}
	return fmt.Sprintf(text, dayHead+together(days),
		"| who calls | mean | highest minute from the second hour on | of the mean | highest minute of the first hour |\n|---|---|---|---|---|\n"+together(compared),
		"| who calls | pods | highest minute of the outage | after it | throttled calls | sessions that ended |\n|---|---|---|---|---|---|\n"+together(outages),
		"| who calls | pods | all have a session after | starts that gave up | highest minute from an hour after | of the mean |\n|---|---|---|---|---|---|\n"+together(restarts),
		"| pods start within | `ROLE_CHAIN_START_TIMEOUT` | all have a session after | starts that gave up | throttled calls |\n|---|---|---|---|---|\n"+together(starts))
}

// together runs all of them, as many at a time as there are processors.
func together(rows []func() string) string {
	out := make([]string, len(rows))
	turn := make(chan bool, runtime.GOMAXPROCS(0)) // some of them take a gigabyte
	var all sync.WaitGroup
	for i, r := range rows {
		all.Go(func() {
			turn <- true
			out[i] = r()
			<-turn
		})
	}
	all.Wait()
	return strings.Join(out, "")
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.2f", perSecond)
	}
	return count(int(perSecond + 0.5))
}

func ratio(r result, from, to int) string {
	if r.mean(from, to) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", r.peak(from, to)/r.mean(from, to))
}

// count is a number as people read it.
func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func lasting(seconds int) string { return (time.Duration(seconds) * time.Second).String() }
