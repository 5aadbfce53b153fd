package settings

import (
	"net/netip"
	"strings"
	"time"
)

// addressPort reads IP:PORT or :PORT.
func addressPort(value string) (netip.AddrPort, bool) {
	if strings.HasPrefix(value, ":") {
		value = "[::]" + value
	}
	a, err := netip.ParseAddrPort(value)
	return a, err == nil && a.Port() != 0 && a.Addr().Zone() == ""
}

// startTimeout checks how long a start may wait. A kubelet has no limit of its own; ours keeps a slip of the pen from
// hanging a job for days.
func startTimeout(value string) (problem, hint string) {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil && only(value, digits):
		return "has no unit", "did you mean " + value + "s?"
	case err != nil:
		return "is not a duration", "for example 60s; 1s to 1h"
	case d < time.Second || d > time.Hour:
		return "is not between a second and an hour", "1s to 1h"
	}
	return "", ""
}

// duration checks the length of a session, which may be longer with direct.
func duration(direct bool) check {
	most, allowed := hour, "15m to 1h"
	if direct {
		most, allowed = longest, "15m to 12h"
	}
	return func(value string) (problem, hint string) {
		d, err := time.ParseDuration(value)
		switch {
		case err != nil && only(value, digits):
			return "has no unit", "did you mean " + value + "s?"
		case err != nil:
			return "is not a duration", "for example 45m; " + allowed
		case d > longest:
			return "is longer than 12 hours", "no role's session is; " + allowed
		case d > most:
			return "is longer than an hour", "AWS ends every session of a chained role after one hour at most; ROLE_CHAIN_DIRECT=true has up to 12h, where the client role's account trusts the cluster"
		case d < minimum:
			return "is shorter than 15 minutes, the minimum of AssumeRole", allowed
		case d%time.Second != 0:
			return "is not in whole seconds", allowed
		}
		return "", ""
	}
}
