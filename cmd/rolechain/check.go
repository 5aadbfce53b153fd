package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/report"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

// check does the chain of this environment once, as a container's start would set it up, and prints a line for each role
// that it got a session of:
//
//	first hop    session of arn:aws:iam::111111111111:role/job, key …X5CG, until 2026-01-02T03:04:05Z
//	client role  session of arn:aws:iam::222222222222:role/client, key …2EDI, until 2026-01-02T03:04:05Z
//
// It changes nothing. A hop that fails in a way that may pass is tried again for ROLE_CHAIN_START_TIMEOUT. The error says
// which hop failed, in AWS's words, and what the likely cause is.
//
// The entrypoint calls it for ROLE_CHAIN_VERIFY, with -quiet, which leaves out the lines and the
// warnings that it has given itself, and with -termination-log FILE,
// which gets the error as well.
func check(args, env []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	quiet := flags.Bool("quiet", false, "")
	terminationLog := flags.String("termination-log", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exit.Because(exit.Usage, fmt.Errorf("check takes no arguments, not %q", args), "")
	}
	if *quiet {
		stdout = io.Discard
	}
	defer func() {
		if err != nil && *terminationLog != "" {
			report.Terminate(*terminationLog, err)
		}
	}()
	s, speak, warnings, err := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if !*quiet {
		for _, w := range warnings {
			report.Warning(log, w.Text, w.Hint)
		}
	}
	if err != nil {
		return err
	}
	if s.ClientRole == "" {
		return exit.Because(exit.BadSetting, errors.New("CLIENT_ROLE_ARN is not set: there is no role chain to check"), "")
	}
	pod, err := start.LookAtToken(s)
	if err != nil {
		return err
	}
	name, err := s.SessionName.Expand(pod)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.StartTimeout)
	defer cancel()
	return try(ctx, log, spec(s, name), s.Profiles, stdout)
}

func spec(s settings.Settings, sessionName string) chain.Spec {
	return chain.Spec{
		FirstHop: s.FirstHop, BaseRole: s.BaseRole, TokenFile: s.TokenFile,
		ContainerURI: s.Locations.ContainerURI, ContainerTokenFile: s.Locations.ContainerTokenFile,
		Via: s.Via, ClientRole: s.ClientRole, SessionName: sessionName, ExternalID: s.ExternalID, Duration: s.Duration,
		Region: s.Region, STSEndpoint: s.Locations.STSEndpoint, FIPS: s.Locations.FIPS,
	}
}

// try gets a session of the first hop, of the client role, and of each role that has a profile of its own.
func try(ctx context.Context, log *slog.Logger, spec chain.Spec, profiles []settings.NamedRole, stdout io.Writer) error {
	client := chain.New(spec, nil)
	type role struct {
		name string
		get  func(context.Context) (chain.Session, error)
	}
	roles := []role{{"first hop", client.Base}, {"client role", client.Client}}
	// The external id is for the client role alone.
	spec.ExternalID = ""
	others := chain.New(spec, nil)
	for _, named := range profiles {
		roles = append(roles, role{"profile " + named.Name, func(ctx context.Context) (chain.Session, error) { return others.As(ctx, named.Role) }})
	}
	for _, role := range roles {
		session, err := chain.First(ctx, log, role.get)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stdout, "%-12s %s\n", role.name, session); err != nil {
			return err
		}
	}
	return nil
}
