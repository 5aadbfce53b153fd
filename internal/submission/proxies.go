package submission

import (
	"slices"
	"strings"

	"rolechain/internal/jobconf"
	"rolechain/internal/settings"
	"rolechain/internal/shell"
)

var (
	proxyVariables   = []string{"http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"}
	noProxyVariables = []string{"no_proxy", "NO_PROXY"}
)

// proxies names settings by which requests to the loopback endpoint go to a proxy, with the endpoint's token: in endpoint
// delivery the entrypoint adds 127.0.0.1 to NO_PROXY, and these come after the entrypoint.
func (j *judge) proxies(p jobconf.Property) {
	if j.Settings.Delivery != settings.Endpoint {
		return
	}
	const hint = "have 127.0.0.1,localhost in NO_PROXY and in no_proxy, beside it"
	if isJavaOptions(p.Name) {
		for _, option := range shell.Split(p.Value) {
			if hosts, is := strings.CutPrefix(option, "-Dhttp.nonProxyHosts="); is && !slices.ContainsFunc(strings.Split(hosts, "|"), reachesLoopback) {
				j.say(Doubt, p, "have 127.0.0.1|localhost in it", "has -Dhttp.nonProxyHosts without 127.0.0.1: the JVM asks the proxy for the job's credentials")
			}
		}
		return
	}
	name, prefix := "", ""
	for _, prefix = range []string{"spark.executorEnv.", jobconf.ExportPrefix} {
		if after, is := strings.CutPrefix(p.Name, prefix); is {
			name = after
			break
		}
	}
	switch {
	case p.Unknown:
	case slices.Contains(noProxyVariables, name) && !slices.ContainsFunc(strings.Split(p.Value, ","), reachesLoopback):
		j.say(Doubt, p, "add 127.0.0.1,localhost to it", "replaces what the entrypoint sets, without 127.0.0.1: the job's credentials are asked of a proxy, with the endpoint's token")
	case slices.Contains(proxyVariables, name) && !slices.ContainsFunc(j.list, func(o jobconf.Property) bool {
		return slices.Contains(noProxyVariables, strings.TrimPrefix(o.Name, prefix)) && slices.ContainsFunc(strings.Split(o.Value, ","), reachesLoopback)
	}):
		j.say(Doubt, p, hint, "is set after the entrypoint: without 127.0.0.1 in NO_PROXY there, the job's credentials are asked of the proxy, with the endpoint's token")
	}
}

// reachesLoopback reports whether an entry of NO_PROXY, or of nonProxyHosts, has 127.0.0.1 in it. localhost alone does not.
func reachesLoopback(entry string) bool {
	return slices.Contains([]string{"*", "127.0.0.1", "127.0.0.0/8", "127.*", "127."}, strings.TrimSpace(entry))
}
