package main

import (
	"context"
	"errors"
	"io"
	"time"

	"rolechain/internal/emr"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

// check does the chain of this environment once, as a container's start would set it up, and says of each step how it went,
// as soon as it is known:
//
//	pass     settings     endpoint delivery, session name spark-0
//	pass     token        sub "system:serviceaccount:emr:spark", aud "sts.amazonaws.com", iss "https://…", until 2026-01-02T03:04:05Z (in 23h59m0s)
//	pass     STS          at sts.eu-west-1.amazonaws.com (region eu-west-1, proxy http://10.0.0.1:3128), the system's certificate authorities
//	pass     first hop    session of arn:aws:iam::111111111111:role/job, key …X5CG, until 2026-01-02T03:04:05Z
//	pass     clock        0s off STS's
//	pass     identity     arn:aws:sts::111111111111:assumed-role/job/spark-0
//	pass     client role  session of arn:aws:iam::222222222222:role/client, key …2EDI, until 2026-01-02T03:04:05Z
//	pass     identity     arn:aws:sts::222222222222:assumed-role/client/spark-0
//
//	pass     SDK          Java v2: the web identity token, by AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, as arn:aws:iam::111111111111:role/job (…)
//
// A line for each family of SDKs says where it finds credentials in this environment, and why (package families). With -bucket, -queue, -kms-key and -glue it goes on to these (package data). After a hop that failed the steps that need it
// are skipped; of the things behind the chain each is tried. Below a step that failed stand the likely causes, the likeliest
// first, and the statements of policies that mend it; with --json each line is an object. It changes nothing, but for the one
// object of -write. A hop that fails in a way that may pass is tried again for ROLE_CHAIN_START_TIMEOUT.
//
// The entrypoint calls it for ROLE_CHAIN_VERIFY, with -quiet, which leaves out the lines and the warnings that it has given
// itself, with -until TIME, when ROLE_CHAIN_START_TIMEOUT is nearly over, and with -termination-log FILE, which gets the
// error as well, unless EMR's pod has another file for it.
func check(args []string, env settings.Environment, stdout, stderr io.Writer) (err error) {
	flags := newFlags("check")
	quiet := flags.Bool("quiet", false, "")
	asJSON := flags.Bool("json", false, "print each line as a JSON object")
	timeout := time.Duration(0)
	handover.UntilVar(flags, &timeout)
	terminationLog := flags.String("termination-log", "", "")
	var things things
	things.flags(flags)
	if err := parseAlone(flags, args); err != nil {
		return err
	}
	if *quiet {
		stdout = io.Discard
	}
	defer func() {
		if err != nil && *terminationLog != "" {
			report.Terminate(err, emr.Read(env.List).Termination, *terminationLog)
		}
	}()
	settled := read
	if *quiet {
		settled = handover.Settings
	}
	s, speak, warnings, err := settled(env)
	log := report.New(stderr, speak.Level, speak.Format)
	if !*quiet {
		for _, w := range warnings {
			report.Warning(log, w.Text, w.Hint)
		}
	}
	if misuse := things.check(s); misuse != nil {
		return misuse
	}
	_, chained := handover.Chained(s)
	if chained {
		err = nil // what the start went by is gone; the refresher has it
	}
	if err == nil && s.ClientRole == "" && s.RoleMap == "" {
		err = exit.Because(exit.BadSetting, errors.New("CLIENT_ROLE_ARN is not set: there is no role chain to check"), roleHint)
	}
	if timeout == 0 {
		timeout = s.StartTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	w := walk{log: log, out: stdout, style: report.Styled(stdout, env.List), json: *asJSON, err: err, quiet: *quiet}
	spec, sessions := w.chain(ctx, s)
	if !*quiet {
		w.families(env)
		w.things(things, s, env, spec, sessions)
	}
	return errors.Join(append([]error{w.err}, w.errs...)...)
}
