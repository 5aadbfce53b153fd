package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"rolechain/internal/endpoint"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/refresher"
	"rolechain/internal/settings"
)

// asksStatus is how long a refresher may take to answer; one that is started again takes a second.
const asksStatus = 5 * time.Second

// showStatus prints how the refresher of this container stands, for people or, with --json, as an object. As an exec probe
// it says by its exit code whether the job can work as the client role: 0 while there is a session that has not ended, and
// also where there is no refresher to have one, because each SDK does the chain itself.
func showStatus(args []string, env settings.Environment, stdout, _ io.Writer) error {
	flags := newFlags("status")
	asJSON := flags.Bool("json", false, "print a JSON object")
	if err := parseAlone(flags, args); err != nil {
		return err
	}
	// In the job's own environment what the start went by is gone, so only problems with the role and the delivery count.
	s, _, _, problems := read(env)
	if problems != nil && (s.ClientRole == "" && s.RoleMap == "" && s.Locations.Sidecar == "" || s.Delivery == "") {
		return problems
	}
	now := time.Now()
	st := status{refresher.Status{Delivery: s.Delivery}}
	var err error
	switch {
	case s.ClientRole == "" && s.RoleMap == "" && s.Locations.Sidecar == "":
		st.Delivery = ""
	case s.Refreshed():
		if st, err = askStatus(s.Locations); err == nil {
			err = st.problem(now)
			break
		}
		if !*asJSON {
			return err
		}
		st = status{refresher.Status{Delivery: s.Delivery}}
		st.Role, st.Error = s.ClientRole, err.Error()
	default:
		st.Role = s.ClientRole
	}
	return errors.Join(st.write(stdout, *asJSON, now), err)
}

// A status is how the refresher stands.
type status struct{ refresher.Status }

// askStatus asks the refresher, wherever its directory is.
func askStatus(l settings.Locations) (st status, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), asksStatus)
	defer cancel()
	problem := errors.New("none has been started in this container with this environment")
	for _, dir := range handover.RunDirectories(l) {
		found, err := handover.ReadDiscovery(dir)
		switch {
		case err != nil:
		case found.Host != hostname():
			err = fmt.Errorf("the files in %q are of another pod, %s: each pod needs a home directory of its own", dir, found.Host)
		case handover.Dead(dir): // whoever listens on its port by now does not get the token
			err = errors.New("both of its processes have died")
		default:
			if err = untilAnswered(ctx, found, &st); err == nil {
				return st, nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) {
			problem = err
		}
	}
	return st, exit.Because(exit.NoRefresher, fmt.Errorf("the refresher does not answer: %w", problem),
		"it ends with the job, and comes back within a second when it is killed; its messages are in the container's log")
}

// untilAnswered asks a refresher, and again when its worker was killed while it answered: the next one is there in 20 ms.
func untilAnswered(ctx context.Context, d handover.Discovery, st *status) error {
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := endpoint.AskStatus(ctx, d, st)
		if err == nil || !endpoint.AskAgain(err) || errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}

// problem is what keeps the job from working as the client role.
func (st status) problem(now time.Time) error {
	switch {
	case st.Publish != "":
		return exit.Because(exit.NoFiles, errors.New("the newest session is not where the job looks for it: "+st.Publish), "")
	case !st.Expires.After(now):
		why := st.Error
		if why == "" {
			why = "no reason is known yet"
		}
		return exit.Because(exit.Unreached, fmt.Errorf("there is no session for %s: %s", st.Role, why), "")
	}
	return nil
}

func (st status) write(out io.Writer, asJSON bool, now time.Time) error {
	if asJSON {
		data, err := json.MarshalIndent(st, "", "  ")
		if err != nil {
			return fmt.Errorf("writing the status: %w", err)
		}
		_, err = out.Write(append(data, '\n'))
		return err
	}
	_, err := io.WriteString(out, st.text(now))
	return err
}

// text reads, in endpoint and file delivery:
//
//	role       arn:aws:iam::222222222222:role/client
//	delivery   endpoint
//	session    key …2EDI, until 2026-01-02T04:04:05Z (in 58m0s)
//	refreshed  2026-01-02T03:04:05Z (2m0s ago)
//	next       2026-01-02T03:31:10Z (in 25m5s)
//	failures   0
//
// with a line "error" for the last try's, "unwritten" for what does not have the session yet, and for each other profile
//
//	profile    team-b: key …KN4Q, until 2026-01-02T04:04:05Z (in 58m0s)
func (st status) text(now time.Time) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	if st.Delivery == "" {
		return "no role chain: CLIENT_ROLE_ARN is not set\n"
	}
	line("role", "%s", st.Role)
	line("delivery", "%s", st.Delivery)
	if st.Delivery == settings.Profile {
		line("session", "each SDK does the chain itself, there is no refresher")
		return b.String()
	}
	if st.Expires.IsZero() {
		line("session", "none yet")
	} else {
		line("session", "key %s, until %s", st.Key, moment(st.Expires, now))
		line("refreshed", "%s", moment(st.Refreshed, now))
	}
	if !st.Next.IsZero() {
		line("next", "%s", moment(st.Next, now))
	}
	line("failures", "%d", st.Failures)
	if st.Error != "" {
		line("error", "%s", st.Error)
	}
	if st.Publish != "" {
		line("unwritten", "%s", st.Publish)
	}
	for _, p := range st.Profiles {
		line("profile", "%s: %s", p.Profile, profileText(p, now))
	}
	if st.Warning != "" {
		line("warning", "%s", st.Warning)
	}
	return b.String()
}

// profileText is how the session of a profile beside [default] stands.
func profileText(p refresher.ProfileStatus, now time.Time) string {
	var parts []string
	switch {
	case p.Expires.IsZero() && p.Next.IsZero():
		parts = append(parts, "nobody has asked for it yet")
	case p.Expires.IsZero():
		parts = append(parts, "no session yet")
	default:
		parts = append(parts, fmt.Sprintf("key %s, until %s", p.Key, moment(p.Expires, now)))
	}
	if p.Failures > 0 {
		parts = append(parts, fmt.Sprintf("%d failures", p.Failures))
	}
	for _, problem := range []string{p.Error, p.Publish} {
		if problem != "" {
			parts = append(parts, problem)
		}
	}
	return strings.Join(parts, "; ")
}

// moment is a time as people read it.
func moment(t, now time.Time) string {
	text := t.UTC().Format(time.RFC3339)
	switch d := t.Sub(now).Round(time.Second); {
	case d > 0:
		return fmt.Sprintf("%s (in %s)", text, d)
	case d < 0:
		return fmt.Sprintf("%s (%s ago)", text, -d)
	}
	return text + " (now)"
}
