package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/report"
	"rolechain/internal/rolemap"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

// sidecar is a container's program: it keeps sessions for the pod's other containers, whose ROLE_CHAIN_SIDECAR names the
// directory that its own ROLE_CHAIN_FILES does, on a volume that both have. It ends with 0 by SIGTERM, which a kubelet sends a
// native sidecar when the job has ended, and with an error when no first session is obtained, or its refresher is gone.
func sidecar(args []string, env settings.Environment, _, stderr io.Writer) error {
	if err := parseAlone(newFlags("sidecar"), args); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(stop)
	s, speak, warnings, err := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	if err == nil || s.Locations.Sidecar != "" {
		err = keepsForOthers(s)
	}
	own := ""
	if err == nil {
		if own, err = os.Executable(); err != nil {
			err = exit.Because(exit.System, err, "")
		}
	}
	if err == nil {
		ctx, begun := start.Waiting(s.StartTimeout)
		resolve := func() (settings.Settings, []string, error) { return withRoleMap(env, s, log) }
		err = start.KeepForOthers(ctx, s, own, log, resolve, begun, stop)
	}
	if err != nil {
		report.Terminate(err, report.TerminationLog)
	}
	return err
}

// withRoleMap returns the settings with what the role map allows, and the environment in which the refresher reads the same.
func withRoleMap(env settings.Environment, s settings.Settings, log *slog.Logger) (settings.Settings, []string, error) {
	if s.RoleMap == "" {
		return s, env.List, nil
	}
	m, err := rolemap.Read(s.RoleMap)
	if err != nil {
		return s, nil, err
	}
	g, err := allowed(m, s, "")
	if err != nil {
		return s, nil, err
	}
	s, _, warnings, err := settings.Read(env.With(g))
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	if err != nil {
		return s, nil, err
	}
	if s.ClientRole == "" {
		return s, nil, exit.Because(exit.BadSetting, errors.New("sidecar: the role map has no default for this service account, and CLIENT_ROLE_ARN names no role"), "name one that the map allows")
	}
	list, err := handover.WithGrant(env.List, s, g)
	return s, list, err
}

// keepsForOthers returns what keeps a container with the settings s from being a sidecar.
func keepsForOthers(s settings.Settings) error {
	var problems []error
	fail := func(problem, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, errors.New("sidecar: "+problem), hint))
	}
	switch {
	case s.Locations.Sidecar != "":
		fail("ROLE_CHAIN_SIDECAR is for the containers that it serves", "set ROLE_CHAIN_FILES here")
		return errors.Join(problems...)
	case s.ClientRole == "" && s.RoleMap == "":
		fail("CLIENT_ROLE_ARN is not set: there is no role to keep sessions of", "set the roles here, and not in the job's container")
	case s.Delivery != settings.Endpoint:
		fail("ROLE_CHAIN_DELIVERY is "+string(s.Delivery)+", and containers that share no home can only be served by an endpoint", "set ROLE_CHAIN_DELIVERY=endpoint")
	}
	if s.Locations.Files == "" {
		fail("ROLE_CHAIN_FILES is not set", "set it to a directory on a volume that the job's container has as well")
	}
	return errors.Join(problems...)
}
