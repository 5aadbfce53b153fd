package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"strings"
	"time"

	"rolechain/internal/chain"
	"rolechain/internal/exit"
	"rolechain/internal/families"
	"rolechain/internal/refresher"
	"rolechain/internal/refusal"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

// A walk goes from step to step and says how each went. After the first error of the chain it only skips.
type walk struct {
	log         *slog.Logger
	out         io.Writer
	style       report.Style
	json, quiet bool
	err         error
	errs        []error // of steps after which others go on
}

// A checked is one step, as --json prints it.
type checked struct {
	Step    string        `json:"step"`
	Outcome string        `json:"outcome"`          // pass, fail or skipped
	Target  string        `json:"target,omitempty"` // the bucket, queue, key or table
	Text    string        `json:"text,omitempty"`
	Hint    string        `json:"hint,omitempty"`
	Source  string        `json:"source,omitempty"` // of an SDK's credentials, with Role and Reason
	Role    string        `json:"role,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Causes  []string      `json:"causes,omitempty"` // the likeliest first
	Fixes   []refusal.Fix `json:"fixes,omitempty"`
}

// step does one step, unless one before it has failed, and prints its line. said is what a step that passes says.
func (w *walk) step(name string, do func() (said string, err error)) { w.fixable(name, nil, do) }

// fixable is step for one whose failure has statements of policies that would put it right.
func (w *walk) fixable(name string, fixes func(error) []refusal.Fix, do func() (said string, err error)) {
	c := checked{Step: name, Outcome: "skipped"}
	if w.err == nil {
		c.Outcome = "pass"
		if c.Text, w.err = do(); w.err != nil {
			c.fail(w.err)
			if fixes != nil {
				c.Fixes = fixes(w.err)
			}
		}
	}
	w.print(c)
}

// fail makes c a step that failed.
func (c *checked) fail(err error) {
	c.Outcome, c.Text, c.Hint = "fail", err.Error(), exit.HintOf(err)
	var hop *chain.Error
	if errors.As(err, &hop) {
		c.Causes = hop.Causes
		return
	}
	all := exit.All(err)
	for _, one := range all {
		switch hint := exit.HintOf(one); {
		case hint == "":
		case len(all) == 1:
			c.Causes = []string{hint}
		default:
			c.Causes = append(c.Causes, fmt.Sprintf("%v: %s", one, hint))
		}
	}
}

// print writes the line of a step.
func (w *walk) print(c checked) {
	line := w.text(c)
	if w.json {
		var b strings.Builder
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(c) // strings always can be
		line = b.String()
	}
	if _, err := io.WriteString(w.out, line); err != nil && w.err == nil {
		w.err = err
	}
}

// text is a step for people: its line, and below it what may be wrong and what would put it right.
func (w *walk) text(c checked) string {
	mark := map[string]func(string) string{"pass": w.style.Good, "fail": w.style.Bad, "skipped": w.style.Faint}[c.Outcome]
	text := c.Text
	if c.Outcome != "fail" && c.Target != "" {
		text = strings.TrimSuffix(c.Target+": "+c.Text, ": ")
	}
	line := fmt.Sprintf("%s %-12s %s", mark(fmt.Sprintf("%-8s", c.Outcome)), c.Step, strings.ReplaceAll(text, "\n", "; "))
	var b strings.Builder
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	const margin = "           "
	for i, cause := range c.Causes {
		fmt.Fprintf(&b, "%s%d. %s\n", margin, i+1, cause)
	}
	for _, fix := range c.Fixes {
		if fix.Statement != nil {
			fmt.Fprintf(&b, "%sadd to %s:\n%s  %s\n", margin, fix.In, margin, compact(fix.Statement))
		} else {
			fmt.Fprintf(&b, "%sadd to the Condition of %s:\n%s  %s\n", margin, fix.In, margin, compact(fix.Condition))
		}
	}
	return b.String()
}

// compact is v as JSON on one line, ready to paste.
func compact(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // strings, lists and maps always can be
	return strings.TrimSpace(b.String())
}

// A reached is a session of the chain, and the ARN of its role.
type reached struct {
	chain.Session
	role string
}

// chain walks through the chain of s, and returns the sessions that it got to, by the name of their profiles.
func (w *walk) chain(ctx context.Context, s settings.Settings) (chain.Spec, map[string]reached) {
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
	sessions, timed := map[string]reached{}, false
	hop := func(step, profile string, get func(context.Context) (chain.Session, error)) {
		var session chain.Session
		w.fixable(step, spec.Fixes, func() (string, error) {
			var err error
			session, err = chain.First(ctx, w.log, get)
			return session.String(), err
		})
		if w.err == nil {
			sessions[profile] = reached{session, session.Role}
		}
		if !timed { // of the first answer of STS's
			timed = true
			w.clock(hops)
		}
		if !w.quiet {
			w.identity(ctx, hops, profile, sessions)
		}
	}
	base := func(ctx context.Context) (chain.Session, error) { return hops.Base(ctx) }
	client := func(ctx context.Context) (chain.Session, error) { return hops.Client(ctx) }
	direct := s.Direct || spec.Direct
	if !direct {
		hop("first hop", s.BaseProfile, base)
	}
	hop("client role", "default", client)
	for _, named := range s.Profiles {
		hop("profile "+named.Name, named.Name, func(ctx context.Context) (chain.Session, error) { return hops.As(ctx, named.Name) })
	}
	if direct { // the base profile's, on which nothing else rests
		hop("job role", s.BaseProfile, base)
	}
	return spec, sessions
}

func (w *walk) clock(hops *chain.Chain) {
	w.step("clock", func() (string, error) {
		off, known := hops.ClockOff()
		if !known {
			return "not known: this hop did not ask STS", nil
		}
		return fmt.Sprintf("%s off STS's", off.Abs().Round(time.Second)), nil
	})
}

// identity asks AWS who a hop's session is. A job does not need that call: where it is refused, or fails, the step is skipped.
func (w *walk) identity(ctx context.Context, hops *chain.Chain, profile string, sessions map[string]reached) {
	at, there := sessions[profile]
	if !there || w.err != nil {
		w.print(checked{Step: "identity", Outcome: "skipped"})
		return
	}
	arn, err := hops.Identity(ctx, at.Session)
	if err != nil {
		w.print(checked{Step: "identity", Outcome: "skipped", Text: "AWS did not say who this session is: " + chain.Clean(err.Error())})
		return
	}
	w.step("identity", func() (string, error) {
		role, err := chain.RoleOf(arn, at.role)
		if err != nil {
			return "", exit.Because(exit.Denied, err, "something between the pod and STS answers in its place: look at AWS_ENDPOINT_URL_STS and the proxy")
		}
		at.role = role
		sessions[profile] = at
		return arn, nil
	})
}

// families says what each family of SDKs would take in this environment. That is nothing that could fail here: in a pod it is the
// container's environment, and the job's own is another one where a start has changed it.
func (w *walk) families(env settings.Environment) {
	for _, f := range families.Read(env, passwdHome()).Find() {
		c := checked{Step: "SDK", Outcome: "pass", Target: f.Family, Text: f.Source, Source: f.Source, Role: f.Role, Reason: f.Reason}
		if f.Kind == families.Nothing {
			c.Outcome = "skipped"
		}
		if f.Role != "" {
			c.Text += ", as " + f.Role
		}
		c.Text = chain.Clean(c.Text + " (" + f.Reason + ")")
		w.print(c)
	}
}

// passwdHome is the home of the password file, where a JVM looks; "" when there is none.
func passwdHome() string {
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return ""
}
