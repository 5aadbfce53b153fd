package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// most is how much more the second half of a soak may use than the first, as a ratio of medians. What leaks by the session
// shows: in half an hour there are 700 of them.
const most = 1.25

// used is what a process uses.
type used struct{ descriptors, threads, private float64 }

// soak keeps a pod of each delivery busy without any fault, with sessions of 5 s, and compares what its refresher uses in
// both halves of the time.
func (w *World) soak(ctx context.Context, d time.Duration, out io.Writer) int {
	failed := 0
	var mu sync.Mutex
	var pods sync.WaitGroup
	for n, delivery := range []string{"endpoint", "file"} {
		pods.Go(func() {
			problems := w.soakOne(ctx, Schedule{Seed: uint64(n), Delivery: delivery, Life: 5, Disk: "tmpfs", End: "term"}, d, out)
			mu.Lock()
			defer mu.Unlock()
			for _, p := range problems {
				fmt.Fprintf(out, "%s delivery: %s\n", delivery, p)
			}
			if len(problems) > 0 {
				failed++
			}
		})
	}
	pods.Wait()
	fmt.Fprintf(out, "\n%d passed, %d failed\n", 2-failed, failed)
	return min(failed, 1)
}

func (w *World) soakOne(ctx context.Context, s Schedule, d time.Duration, out io.Writer) []string {
	r := &Run{w: w, schedule: s, mark: "soak-" + s.Delivery, mu: &sync.Mutex{}}
	defer r.release()
	if err := r.prepare(); err != nil {
		return []string{err.Error()}
	}
	defer r.pod.clean()
	samples := map[string][]used{}
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	var readers sync.WaitGroup
	r.read(ctx, &readers)
	for ctx.Err() == nil {
		supervisor, worker := w.procs.refresher(r.pod.mark, r.pod.original)
		for name, pid := range map[string]int{"supervisor": supervisor, "worker": worker} {
			u, err := use(pid)
			if err != nil {
				return []string{fmt.Sprintf("the %s: %v", name, err)}
			}
			samples[name] = append(samples[name], u)
		}
		pause(ctx, min(5*time.Second, d/40))
	}
	readers.Wait()
	r.judgeEnd()
	r.judge.judgeLater()
	problems := r.judge.verdict()
	for name, list := range samples {
		problems = append(problems, compare(name, list)...)
		first, second := halves(list)
		fmt.Fprintf(out, "%s delivery, %s: descriptors %.0f and %.0f, threads %.0f and %.0f, private %.0f and %.0f KiB in the halves of %s\n",
			s.Delivery, name, first.descriptors, second.descriptors, first.threads, second.threads, first.private, second.private, d)
	}
	return problems
}

// halves are the medians of both halves, without the first tenth, in which everything is used for the first time.
func halves(list []used) (first, second used) {
	list = list[len(list)/10:]
	middle := len(list) / 2
	return median(list[:middle]), median(list[middle:])
}

func median(list []used) used {
	by := func(get func(used) float64) float64 {
		var values []float64
		for _, u := range list {
			values = append(values, get(u))
		}
		slices.Sort(values)
		if len(values) == 0 {
			return 0
		}
		return values[len(values)/2]
	}
	return used{
		by(func(u used) float64 { return u.descriptors }),
		by(func(u used) float64 { return u.threads }),
		by(func(u used) float64 { return u.private }),
	}
}

// compare says what grew.
func compare(name string, list []used) (problems []string) {
	if len(list) < 20 {
		return []string{fmt.Sprintf("only %d samples of the %s", len(list), name)}
	}
	first, second := halves(list)
	for what, pair := range map[string][2]float64{
		"descriptors":    {first.descriptors, second.descriptors},
		"threads":        {first.threads, second.threads},
		"private memory": {first.private, second.private},
	} {
		if pair[1] > pair[0]*most {
			problems = append(problems, fmt.Sprintf("the %s's %s grew from %.0f to %.0f, by more than %.2f", name, what, pair[0], pair[1], most))
		}
	}
	return problems
}

// use reads what a process uses from /proc; its private memory is in KiB.
func use(pid int) (u used, err error) {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return u, err
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return u, err
	}
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return u, err
	}
	u.descriptors, u.threads = float64(len(open)), float64(len(threads))
	for line := range strings.Lines(string(rollup)) {
		if strings.HasPrefix(line, "Private_") {
			n, _ := strconv.Atoi(strings.Fields(line)[1])
			u.private += float64(n)
		}
	}
	return u, nil
}
