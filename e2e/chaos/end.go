package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// recovers waits until everything works with a session that came after the last fault.
func (r *Run) recovers(ctx context.Context) {
	healed := time.Now().Truncate(time.Second)
	const patience = 60 * time.Second
	deadline := time.Now().Add(patience + 3*r.w.lag.Worst())
	var missing []string
	for {
		if missing = r.missing(ctx, healed); len(missing) == 0 || ctx.Err() != nil {
			r.judge.count("recovered")
			return
		}
		if time.Now().After(deadline) {
			break
		}
		pause(ctx, 100*time.Millisecond)
	}
	r.judge.fail("no recovery", "%s after the last fault: %s", patience, strings.Join(missing, "; "))
}

// missing is what does not work yet.
func (r *Run) missing(ctx context.Context, healed time.Time) (list []string) {
	lacks := func(what string, keys Keys, err error) {
		if err == nil {
			if s, known := r.sts.Lookup(keys.AccessKeyId); !known || s.Issued.Before(healed) || s.RoleARN != clientRole || !s.Expires.After(time.Now()) {
				err = fmt.Errorf("a session of %s that was issued at %s", s.RoleARN, s.Issued)
			}
		}
		if err != nil {
			list = append(list, fmt.Sprintf("%s: %v", what, err))
		}
	}
	gone := r.isGone()
	if r.schedule.Delivery == "file" {
		if gone {
			return nil
		}
		keys, err := r.first(r.pod, container{home: r.home.Dir})
		lacks("credentials file", keys, err)
	} else {
		if r.isTaken() {
			return nil
		}
		keys, _, err := r.process(ctx, "default")
		lacks("credential process", keys, err)
		if gone {
			return list
		}
		keys, err = r.ask(ctx, &http.Transport{DisableKeepAlives: true})
		lacks("endpoint", keys, err)
	}
	supervisor, worker := r.w.procs.refresher(r.pod.mark, r.pod.original)
	if worker == 0 {
		list = append(list, "there is no worker")
	}
	if supervisor == 0 && !r.schedule.has("kill-supervisor", "abort-supervisor", "limit-memory") {
		list = append(list, "there is no supervisor")
	}
	if len(list) > 0 {
		return list
	}
	if _, stderr, code, err := r.run(ctx, []string{r.w.rolechain, "status"}, r.pod.job); err != nil || code != 0 {
		list = append(list, fmt.Sprintf("status: %d, %v: %s", code, err, strings.TrimSpace(stderr)))
	}
	return list
}

// judgeEnd ends the original, and looks at what is left and at what was said.
func (r *Run) judgeEnd() {
	if left := r.pod.end(r.schedule.End, 10*time.Second+3*r.w.lag.Worst()); left != "" {
		r.judge.fail("something left", "after the original's end: %s", left)
	}
	r.pod.clean()
	if !r.pod.log.drained(5 * time.Second) {
		r.judge.fail("something left", "somebody still has the pod's stderr")
	}
	dirs := []string{filepath.Join(r.dir, "tmp")}
	if !r.schedule.loses() && !r.schedule.has("read-only") { // in which a file under way may stay
		dirs = append(dirs, r.home.Dir)
	}
	for _, dir := range dirs {
		if left := leftovers(dir); len(left) > 0 {
			r.judge.fail("something left", "temp files: %q", left)
		}
	}
	text := r.pod.log.String()
	r.judgeLog("the pod", text, r.pod)
	if r.schedule.has("log-full") {
		return // what was said meanwhile may be lost
	}
	for _, cause := range r.met() {
		if silent(text, cause) {
			r.judge.fail("an unnamed cause", "the log says none of %q of %s:\n%s", causes[cause], cause, tail(text, 15))
		}
	}
}

// met are the faults that the refresher must have met.
func (r *Run) met() []string {
	found := map[string]bool{}
	for _, e := range r.sts.Journal() {
		if e.Role == clientRole && e.Fault != "" && !r.gone { // then a credential process may have met it, and nobody logs that
			found[string(e.Fault)] = true
		}
	}
	found["hang"] = found["hang"] && !r.schedule.cut("hang")
	for _, f := range r.schedule.Faults {
		long := f.For > time.Duration(r.schedule.Life+2)*time.Second
		switch f.Kind {
		case "down", "token-gone", "token-garbage", "token-expired":
			found[f.Kind] = long && !r.gone
		case hungToken:
			found[f.Kind] = !r.gone && !r.schedule.hasFamily("sts", "process", "limit")
		case "full", "read-only":
			found[f.Kind] = long && r.schedule.Delivery == "file" && !r.schedule.hasFamily("sts", "token")
		}
	}
	for _, w := range r.judge.windows {
		if w.kind == "worker died" && !r.gone || w.kind == "supervisor died" && !r.gone {
			found[w.kind] = true
		}
	}
	maps.DeleteFunc(found, func(_ string, so bool) bool { return !so })
	return slices.Sorted(maps.Keys(found))
}
