package submission

import "strconv"

// annotate tells Prometheus where the refreshers of driver and executors serve their metrics, by the annotations that most of its
// configurations for Kubernetes look for.
func (s *Submission) annotate() {
	address := s.Settings.Metrics
	switch {
	case !address.IsValid():
		return
	case address.Addr().IsLoopback():
		s.note("-metrics: "+s.Metrics+" is reached from within the pod alone: Prometheus gets no annotation", "for example :"+strconv.Itoa(int(address.Port())))
		return
	}
	for _, who := range []string{"driver", "executor"} {
		prefix := "spark.kubernetes." + who + ".annotation.prometheus.io/"
		s.Properties[prefix+"scrape"] = "true"
		s.Properties[prefix+"port"] = strconv.Itoa(int(address.Port()))
		s.Properties[prefix+"path"] = "/metrics"
	}
}
