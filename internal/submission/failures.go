package submission

import (
	"maps"
	"slices"
	"strings"

	"rolechain/internal/jobconf"
)

// An executor whose chain is refused ends, and Spark starts another one. Since 3.5 it counts such ends on Kubernetes too, but
// with dynamic allocation its own limit is twice the executors that there may be, which by default has no bound. Ours is far
// above what a job loses with its nodes in that time. A refused executor lives for up to some ten seconds, its pod's start
// included, so that it is reached with a single one as well.
const (
	maxFailures       = "spark.executor.maxNumFailures"
	failuresInterval  = "spark.executor.failuresValidityInterval"
	maxFailuresValue  = "100"
	failuresTimeValue = "30m"
)

// boundFailures adds both to properties, unless the job has a limit of its own.
func (s Submission) boundFailures(properties map[string]string) {
	major, minor, _, _ := parseVersion(s.Runtime.Spark)
	if major < 3 || major == 3 && minor < 5 {
		return
	}
	ours := map[string]string{maxFailures: maxFailuresValue, failuresInterval: failuresTimeValue}
	for name, value := range ours {
		if slices.ContainsFunc(s.Own, func(item string) bool { return strings.HasPrefix(item, name+"=") }) || slices.ContainsFunc(s.Conf, func(p jobconf.Property) bool { return p.Name == name && p.Value != value }) {
			return
		}
	}
	maps.Copy(properties, ours)
}
