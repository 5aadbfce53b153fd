package submission

import (
	"strconv"
	"testing"
	"time"

	"rolechain/internal/jobconf"
)

// Executors whose chain is refused do not come back without end, where Spark counts them; a job's own limit stays.
func TestBoundFailures(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Request)
		want   string
	}{
		{"3.5", func(r *Request) { r.Release = "spark-3.5" }, "100"},
		{"4.0", func(r *Request) { r.Release = "spark-4.0" }, "100"},
		{"EMR 7", func(r *Request) { r.Release, r.Form = "emr-7.14.0", EMR }, "100"},
		{"3.4", func(r *Request) { r.Release = "spark-3.4" }, ""},
		{"EMR 6", func(r *Request) { r.Release, r.Form = "emr-6.15.0", EMR }, ""},
		{"the job's", func(r *Request) {
			r.Release, r.Conf = "spark-4.0", []jobconf.Property{{Name: "spark.executor.maxNumFailures", Value: "7"}}
		}, ""},
		{"by flag", func(r *Request) { r.Release, r.Own = "spark-4.0", []string{"spark.executor.maxNumFailures=7"} }, "7"},
	} {
		s, err := Make(request(test.change))
		if got := s.properties()["spark.executor.maxNumFailures"]; err != nil || got != test.want {
			t.Errorf("%s: %q, want %q; %v", test.name, got, test.want, err)
		}
	}
}

// A single executor that comes back every 13 s, as on a busy cluster, reaches the limit within the interval: otherwise it would
// come back for ever.
func TestFailuresAreReached(t *testing.T) {
	s, err := Make(request(func(r *Request) { r.Release = "spark-4.0" }))
	if err != nil {
		t.Fatal(err)
	}
	limit, err1 := strconv.Atoi(s.properties()["spark.executor.maxNumFailures"])
	interval, err2 := time.ParseDuration(s.properties()["spark.executor.failuresValidityInterval"]) // Spark's words, and Go's
	if err1 != nil || err2 != nil || time.Duration(limit)*13*time.Second > interval {
		t.Errorf("%d failures in %v: %v, %v", limit, interval, err1, err2)
	}
}
