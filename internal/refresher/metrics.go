package refresher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"rolechain/internal/chain"
	"rolechain/internal/endpoint"
	"rolechain/internal/handover"
	"rolechain/internal/refresh"
)

// families are the metrics, with what OpenMetrics says of each. A label's value is never a secret, nor an ARN.
var families = map[string]struct{ kind, help string }{
	"rolechain_session_left_seconds": {"gauge", "Time until the session of a profile ends; NaN while nobody has asked for it."},
	"rolechain_refreshes":            {"counter", "New sessions of a profile."},
	"rolechain_refresh_failures":     {"counter", "Tries for a session of a profile that failed, by the hop that did and AWS's code."},
	"rolechain_sts_duration_seconds": {"histogram", "Time that a call of a hop took, whatever its answer."},
	"rolechain_requests":             {"counter", "Requests for a session or the status, by the way in and the answer's status."},
	"rolechain_worker_restarts":      {"counter", "Workers that were started in the place of one that died or hung."},
}

// latencies are the histogram's bounds in seconds. STS answers within 0.1 s or so in the same Region; a call is given up after 10 s.
var latencies = []float64{0.025, 0.05, 0.1, 0.25, 0.5, 1.5, 4.5, 9.5}

// maxCodes bounds the series of failures: a code is what somebody answered.
const maxCodes = 100

// A meter counts what a worker does. All counters but the restarts begin anew with each worker, as Prometheus expects of a process
// that was started again. A nil meter counts nothing.
type meter struct {
	set *metrics.Set

	mu    sync.Mutex
	codes map[string]bool // names of series of failures
}

func newMeter(restarts int) *meter {
	m := &meter{set: metrics.NewSet(), codes: map[string]bool{}}
	m.set.NewCounter("rolechain_worker_restarts_total").Set(uint64(restarts))
	return m
}

// call counts a call of a hop.
func (m *meter) call(hop int, took time.Duration) {
	if m != nil {
		m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf(`rolechain_sts_duration_seconds{hop="%d"}`, hop), latencies).Update(took.Seconds())
	}
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
			m.set.GetOrCreateCounter(fmt.Sprintf("rolechain_refreshes_total{profile=%q}", profile)).Inc()
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
	name := func() string {
		return fmt.Sprintf(`rolechain_refresh_failures_total{profile=%q,hop="%d",code=%q}`, profile, hop, code)
	}
	m.mu.Lock()
	if !m.codes[name()] && len(m.codes) >= maxCodes {
		code = "other"
	}
	m.codes[name()] = true
	m.mu.Unlock()
	m.set.GetOrCreateCounter(name()).Inc()
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

// left is a gauge of how long a keeper's session is good for.
func (m *meter) left(profile string, k *refresh.Keeper) {
	if m == nil {
		return
	}
	m.set.NewGauge(fmt.Sprintf("rolechain_session_left_seconds{profile=%q}", profile), func() float64 {
		if end := k.Status().Expires; !end.IsZero() {
			return math.Round(time.Until(end).Seconds())
		}
		return math.NaN()
	})
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
		m.set.GetOrCreateCounter(fmt.Sprintf(`rolechain_requests_total{way=%q,status="%d"}`, way, seen.status)).Inc()
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

// text is the exposition. The library writes the samples, which are sorted by name; its own metadata is that of Prometheus's older
// format, in which a counter's family ends in _total.
func (m *meter) text() []byte {
	var samples, out bytes.Buffer
	m.set.WritePrometheus(&samples)
	last := ""
	for line := range strings.Lines(samples.String()) {
		name := line[:max(0, strings.IndexAny(line, "{ "))]
		for _, end := range []string{"_total", "_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if name != last {
			last = name
			f := families[name]
			fmt.Fprintf(&out, "# TYPE %s %s\n", name, f.kind)
			if strings.HasSuffix(name, "_seconds") {
				fmt.Fprintf(&out, "# UNIT %s seconds\n", name)
			}
			fmt.Fprintf(&out, "# HELP %s %s\n", name, f.help)
		}
		out.WriteString(line)
	}
	out.WriteString("# EOF\n")
	return out.Bytes()
}

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
