package submission

import (
	"slices"
	"strings"
	"testing"
)

// Prometheus finds the refreshers of driver and executors by annotations, in every form.
func TestMetrics(t *testing.T) {
	for _, form := range Forms() {
		s, err := Make(request(func(r *Request) { r.Form, r.Release, r.Metrics = form, "emr-7.14.0", ":9464" }))
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"driver", "executor"} {
			for name, want := range map[string]string{"scrape": "true", "port": "9464", "path": "/metrics"} {
				if got := s.Properties["spark.kubernetes."+who+".annotation.prometheus.io/"+name]; got != want {
					t.Errorf("%s: %s of the %s is %q", form, name, who, got)
				}
			}
		}
		files := s.Files()
		if last := string(files[len(files)-1].Data); strings.Count(last, "prometheus.io/port") != 2 {
			t.Errorf("%s:\n%s", form, last)
		}
		if s.value("ROLE_CHAIN_METRICS") != ":9464" {
			t.Errorf("%s: %v", form, s.Variables)
		}
	}
	s, err := Make(request(func(r *Request) { r.Metrics = "127.0.0.1:9464" }))
	if err != nil || !slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "from within the pod alone") }) || strings.Contains(string(s.Files()[0].Data), "prometheus.io") {
		t.Errorf("%v, %v", s.Notes, err)
	}
	for _, test := range []struct{ delivery, address, want string }{
		{"profile", ":9464", `-metrics: ROLE_CHAIN_METRICS: ":9464" has nobody to serve metrics in profile delivery`},
		{"endpoint", "9464", `-metrics: ROLE_CHAIN_METRICS: "9464" is not an address with a port`},
	} {
		_, err := Make(request(func(r *Request) {
			r.Delivery, r.Metrics, r.JobBuckets, r.ClientBuckets = test.delivery, test.address, nil, nil
		}))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
