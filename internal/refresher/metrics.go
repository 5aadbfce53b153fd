package refresher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/handover"
	"rolechain/internal/refresh"
)

// families are the metrics, in the order of the exposition, with what OpenMetrics says of each. A label's value is never a secret,
// nor an ARN.
var families = []struct{ name, kind, help string }{
	{"rolechain_refresh_failures", "counter", "Tries for a session of a profile that failed, by the hop that did and AWS's code."},
	{"rolechain_refreshes", "counter", "New sessions of a profile."},
	{"rolechain_requests", "counter", "Requests for a session or the status, by the way in and the answer's status."},
	{"rolechain_session_left_seconds", "gauge", "Time until the session of a profile ends; NaN while nobody has asked for it."},
	{"rolechain_sts_duration_seconds", "histogram", "Time that a call of a hop took, whatever its answer."},
	{"rolechain_worker_restarts", "counter", "Workers that were started in the place of one that died or hung."},
}

// latencies are the histogram's bounds in seconds. STS answers within 0.1 s or so in the same Region; a call is given up after 10 s.
var latencies = [...]float64{0.025, 0.05, 0.1, 0.25, 0.5, 1.5, 4.5, 9.5}

// maxCodes bounds the series of failures: a code is what somebody answered.
const maxCodes = 100

// A meter counts what a worker does. All counters but the restarts begin anew with each worker, as Prometheus expects of a process
// that was started again. A nil meter counts nothing.
type meter struct {
	mu     sync.Mutex
	counts map[string]map[string]uint64 // of a family's series, by their labels
	left   map[string]func() float64    // of profiles
	calls  map[int]*histogram           // of hops
}

// A histogram counts how many calls took at most as long as each of latencies says; the last is for all of them.
type histogram struct {
	within [len(latencies) + 1]uint64
	sum    float64 // seconds
}

func newMeter(restarts int) *meter {
	m := &meter{counts: map[string]map[string]uint64{}, left: map[string]func() float64{}, calls: map[int]*histogram{}}
	m.add("rolechain_worker_restarts", "", uint64(restarts))
	return m
}

// add counts n more.
func (m *meter) add(family, labels string, n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.counts[family]
	if of == nil {
		of = map[string]uint64{}
		m.counts[family] = of
	}
	of[labels] += n
}

// call counts a call of a hop.
func (m *meter) call(hop int, took time.Duration) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.calls[hop]
	if h == nil {
		h = &histogram{}
		m.calls[hop] = h
	}
	for i := range h.within {
		if i >= len(latencies) || took.Seconds() <= latencies[i] {
			h.within[i]++
		}
	}
	h.sum += took.Seconds()
}

// counted is get, counted for a profile.
func (m *meter) counted(profile string, get getter) getter {
	if m == nil {
		return get
	}
	return func(ctx context.Context, held chain.Session) (chain.Session, error) {
		s, err := get(ctx, held)
		switch {
		case err != nil:
			m.failed(profile, err)
		case s.AccessKeyID != held.AccessKeyID:
			m.add("rolechain_refreshes", fmt.Sprintf("{profile=%q}", profile), 1)
		}
		return s, err
	}
}

func (m *meter) failed(profile string, err error) {
	hop, code := 0, "none"
	var e *chain.Error
	if errors.As(err, &e) {
		hop = e.Hop
		if code = word(e.Code); code == "" {
			code = strings.ReplaceAll(string(e.Kind), " ", "_")
		}
	}
	const family = "rolechain_refresh_failures"
	labels := func() string { return fmt.Sprintf(`{profile=%q,hop="%d",code=%q}`, profile, hop, code) }
	m.mu.Lock()
	if _, known := m.counts[family][labels()]; !known && len(m.counts[family]) >= maxCodes {
		code = "other"
	}
	m.mu.Unlock()
	m.add(family, labels(), 1)
}

// word leaves of a code what AWS's codes are made of.
func word(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, code[:min(len(code), 64)])
}

// watch adds the gauge of how long a keeper's session is good for.
func (m *meter) watch(profile string, k *refresh.Keeper) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left[profile] = func() float64 {
		if end := k.Status().Expires; !end.IsZero() {
			return math.Round(time.Until(end).Seconds())
		}
		return math.NaN()
	}
}

// requests is h, with each request counted.
func (m *meter) requests(h http.Handler) http.Handler {
	if m == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(seen, r)
		way := "endpoint"
		switch {
		case r.URL.Path == handover.StatusPath:
			way = "status"
		case r.UserAgent() == endpoint.UserAgent:
			way = "process"
		}
		m.add("rolechain_requests", fmt.Sprintf(`{way=%q,status="%d"}`, way, seen.status), 1)
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ServeHTTP answers GET /metrics, to anybody.
func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/metrics":
		http.Error(w, "the metrics are at /metrics", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
	_, _ = w.Write(m.text()) // to a client that has gone
}

// text is the exposition, in OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
func (m *meter) text() []byte {
	var out bytes.Buffer
	for _, f := range families {
		samples := m.samples(f.name, f.kind)
		if len(samples) == 0 {
			continue
		}
		fmt.Fprintf(&out, "# TYPE %s %s\n", f.name, f.kind)
		if strings.HasSuffix(f.name, "_seconds") {
			fmt.Fprintf(&out, "# UNIT %s seconds\n", f.name)
		}
		fmt.Fprintf(&out, "# HELP %s %s\n", f.name, f.help)
		for _, line := range samples {
			out.WriteString(line)
		}
	}
	out.WriteString("# EOF\n")
	return out.Bytes()
}

// samples are the lines of a family's series.
func (m *meter) samples(family, kind string) (lines []string) {
	line := func(suffix, labels string, value float64) {
		lines = append(lines, family+suffix+labels+" "+decimal(value)+"\n")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch kind {
	case "counter":
		for _, labels := range slices.Sorted(maps.Keys(m.counts[family])) {
			line("_total", labels, float64(m.counts[family][labels]))
		}
	case "gauge":
		for _, profile := range slices.Sorted(maps.Keys(m.left)) {
			line("", fmt.Sprintf("{profile=%q}", profile), m.left[profile]())
		}
	case "histogram":
		for _, hop := range slices.Sorted(maps.Keys(m.calls)) {
			h := m.calls[hop]
			for i, count := range h.within {
				bound := math.Inf(1)
				if i < len(latencies) {
					bound = latencies[i]
				}
				line("_bucket", fmt.Sprintf(`{hop="%d",le="%s"}`, hop, decimal(bound)), float64(count))
			}
			line("_sum", fmt.Sprintf(`{hop="%d"}`, hop), h.sum)
			line("_count", fmt.Sprintf(`{hop="%d"}`, hop), float64(h.within[len(latencies)]))
		}
	}
	return lines
}

// decimal is a number as OpenMetrics writes it: +Inf and NaN as well.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// serveMetrics serves them until ctx ends. The service of credentials does not depend on it.
func (w *worker) serveMetrics(ctx context.Context) {
	l, err := net.FileListener(w.process.Also)
	w.process.Also.Close()
	if err == nil {
		err = endpoint.Serve(ctx, l, w.meter, w.log)
	}
	if err != nil {
		w.log.Warn("there are no metrics any more: " + err.Error())
	}
}
