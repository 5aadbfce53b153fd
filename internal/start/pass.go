package start

import (
	"cmp"

	"rolechain/internal/emr"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
)

// PassThrough says why a start leaves everything as it is although roles may be set; "" when it does not.
func PassThrough(s settings.Settings, pod emr.Pod, args []string) string {
	if pod.RunsJob(args) {
		return "this is EMR's job runner, which submits the job: it starts unchanged, as the job execution role"
	}
	if _, chained := handover.Chained(s); chained {
		return "the environment is that of a job with a role chain already, which stays as it is"
	}
	return ""
}

// Unchanged returns the settings of a start that leaves everything as it is. EMR's job runner gets by also where the
// setting for the original entrypoint is a bad one.
func Unchanged(s settings.Settings) settings.Settings {
	return settings.Settings{Entrypoint: cmp.Or(s.Entrypoint, "/usr/bin/entrypoint.sh")}
}
