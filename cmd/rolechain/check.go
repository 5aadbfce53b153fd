package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"rolechain/internal/chain"
	"rolechain/internal/emr"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/refresher"
	"rolechain/internal/report"
	"rolechain/internal/settings"
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
// The entrypoint calls it for ROLE_CHAIN_VERIFY, with -quiet, which leaves out the lines and the warnings that it has given
// itself, with -timeout DURATION, what is left of ROLE_CHAIN_START_TIMEOUT, and with -termination-log FILE, which gets the
// error as well, unless EMR's pod has another file for it.
func check(args []string, env settings.Environment, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	quiet := flags.Bool("quiet", false, "")
	timeout := flags.Duration("timeout", 0, "")
	terminationLog := flags.String("termination-log", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exit.Because(exit.Usage, fmt.Errorf("check takes no arguments, not %q", args), "")
	}
	if *quiet {
		stdout = io.Discard
	}
	defer func() {
		if err != nil && *terminationLog != "" {
			report.Terminate(err, emr.Read(env.List).Termination, *terminationLog)
		}
	}()
	s, speak, warnings, err := settings.Read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if !*quiet {
		for _, w := range warnings {
			report.Warning(log, w.Text, w.Hint)
		}
	}
	if _, chained := handover.Chained(s); chained {
		err = nil // what the start went by is gone; the refresher has it
	}
	if err != nil {
		return err
	}
	if s.ClientRole == "" {
		return exit.Because(exit.BadSetting, errors.New("CLIENT_ROLE_ARN is not set: there is no role chain to check"), "")
	}
	if *timeout == 0 {
		*timeout = s.StartTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	spec, warnings, err := refresher.Spec(ctx, s)
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	if err != nil {
		return err
	}
	if w, ok := settings.NoRegion(spec.ClientRole); ok && spec.Region == "" && !*quiet {
		report.Warning(log, w.Text, w.Hint)
	}
	return try(ctx, log, spec, s.Profiles, stdout)
}

// try gets a session of the first hop, of the client role, and of each role that has a profile of its own.
func try(ctx context.Context, log *slog.Logger, spec chain.Spec, profiles []settings.NamedRole, stdout io.Writer) error {
	hops := chain.New(spec, nil)
	type role struct {
		name string
		get  func(context.Context) (chain.Session, error)
	}
	roles := []role{{"first hop", hops.Base}, {"client role", hops.Client}}
	for _, named := range profiles {
		roles = append(roles, role{"profile " + named.Name, func(ctx context.Context) (chain.Session, error) { return hops.As(ctx, named.Role) }})
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
