package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/emr"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/refresher"
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
//	pass     client role  session of arn:aws:iam::222222222222:role/client, key …2EDI, until 2026-01-02T03:04:05Z
//
// After a step that failed the others are skipped; with --json each line is an object. It changes nothing. A hop that fails
// in a way that may pass is tried again for ROLE_CHAIN_START_TIMEOUT. The error says which hop failed, in AWS's words, and
// what the likely cause is.
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
	_, chained := handover.Chained(s)
	if chained {
		err = nil // what the start went by is gone; the refresher has it
	}
	if err == nil && s.ClientRole == "" && s.RoleMap == "" {
		err = exit.Because(exit.BadSetting, errors.New("CLIENT_ROLE_ARN is not set: there is no role chain to check"), "")
	}
	if timeout == 0 {
		timeout = s.StartTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	w := walk{log: log, out: stdout, style: report.Styled(stdout, env.List), json: *asJSON, err: err, quiet: *quiet}
	w.chain(ctx, s)
	return w.err
}

// A walk goes from step to step and says how each went. After the first error it only skips.
type walk struct {
	log         *slog.Logger
	out         io.Writer
	style       report.Style
	json, quiet bool
	err         error
}

// A checked is one step, as --json prints it.
type checked struct {
	Step    string `json:"step"`
	Outcome string `json:"outcome"` // pass, fail or skipped
	Text    string `json:"text,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// step does one step, unless one before it has failed, and prints its line. said is what a step that passes says.
func (w *walk) step(name string, do func() (said string, err error)) {
	c := checked{Step: name, Outcome: "skipped"}
	if w.err == nil {
		c.Outcome = "pass"
		if c.Text, w.err = do(); w.err != nil {
			c.Outcome, c.Text, c.Hint = "fail", w.err.Error(), exit.HintOf(w.err)
		}
	}
	var line []byte
	if w.json {
		line, _ = json.Marshal(c) // strings always can be
		line = append(line, '\n')
	} else {
		mark := map[string]func(string) string{"pass": w.style.Good, "fail": w.style.Bad, "skipped": w.style.Faint}[c.Outcome]
		text := fmt.Sprintf("%s %-12s %s", mark(fmt.Sprintf("%-8s", c.Outcome)), c.Step, strings.ReplaceAll(c.Text, "\n", "; "))
		line = []byte(strings.TrimRight(text, " ") + "\n")
	}
	if _, err := w.out.Write(line); err != nil && w.err == nil {
		w.err = err
	}
}

// chain walks through the chain of s.
func (w *walk) chain(ctx context.Context, s settings.Settings) {
	var spec chain.Spec
	var hops *chain.Chain
	wrong := w.err // what the settings have had to be told of already
	w.err = nil
	w.step("settings", func() (string, error) {
		if wrong != nil {
			return "", wrong
		}
		var warnings []settings.Warning
		var err error
		spec, warnings, err = refresher.Spec(ctx, s)
		for _, warning := range warnings {
			report.Warning(w.log, warning.Text, warning.Hint)
		}
		if warning, ok := settings.NoRegion(spec.ClientRole); ok && spec.Region == "" && err == nil && !w.quiet {
			report.Warning(w.log, warning.Text, warning.Hint)
		}
		hops = chain.New(spec, nil)
		return fmt.Sprintf("%s delivery, session name %s", s.Delivery, spec.SessionName), err
	})
	w.step("token", func() (string, error) { return spec.Token(time.Now()) })
	w.step("STS", func() (string, error) {
		return strings.TrimPrefix(spec.Where(), "STS ") + ", " + spec.Trusts(), nil
	})
	get := func(get func(context.Context) (chain.Session, error)) func() (string, error) {
		return func() (string, error) {
			session, err := chain.First(ctx, w.log, get)
			return session.String(), err
		}
	}
	base := get(func(ctx context.Context) (chain.Session, error) { return hops.Base(ctx) })
	client := get(func(ctx context.Context) (chain.Session, error) { return hops.Client(ctx) })
	direct := s.Direct || spec.Direct
	if direct {
		w.step("client role", client)
	} else {
		w.step("first hop", base)
	}
	w.step("clock", func() (string, error) {
		off, known := hops.ClockOff()
		if !known {
			return "not known: this hop did not ask STS", nil
		}
		return fmt.Sprintf("%s off STS's", off.Abs().Round(time.Second)), nil
	})
	if !direct {
		w.step("client role", client)
	}
	for _, named := range s.Profiles {
		w.step("profile "+named.Name, get(func(ctx context.Context) (chain.Session, error) { return hops.As(ctx, named.Name) }))
	}
	if direct { // the base profile's, on which nothing else rests
		w.step("job role", base)
	}
}
