package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rolechain/internal/emr"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/refresher"
	"rolechain/internal/report"
	"rolechain/internal/rolemap"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

// roles prints what the role map allows the service account of this pod, or the one that -subject names:
//
//	ROLE_CHAIN_ROLE_MAP /etc/rolechain/roles.yaml allows system:serviceaccount:team-a:spark
//
//	NAME             ROLE                                         OPTIONS
//	lake (default)   arn:aws:iam::222222222222:role/lake          external id, session tags
//	reports          arn:aws:iam::333333333333:role/reports
//
// The entrypoint calls it with -json and -termination-log FILE, which gets the error as well, unless EMR's pod has another file
// for it.
func roles(args []string, env settings.Environment, stdout, stderr io.Writer) (err error) {
	flags := newFlags("roles")
	asJSON := flags.Bool("json", false, "print an object, with the options of each role")
	file := flags.String("map", "", "`FILE` in the place of ROLE_CHAIN_ROLE_MAP")
	subject := flags.String("subject", "", "`SUBJECT` in the place of the pod's token: system:serviceaccount:NAMESPACE:NAME")
	schema := flags.Bool("schema", false, "print the JSON schema of the file, for editors, and nothing else")
	terminationLog := flags.String("termination-log", "", "")
	if err := parseAlone(flags, args); err != nil {
		return err
	}
	if *schema {
		_, err := stdout.Write(rolemap.Schema)
		return err
	}
	defer func() {
		if err != nil && *terminationLog != "" {
			report.Terminate(err, emr.Read(env.List).Termination, *terminationLog)
		}
	}()
	s, _, _, problems := settings.Read(env)
	if *file != "" {
		s.RoleMap = *file
	}
	if s.RoleMap == "" {
		return errors.Join(problems, exit.Because(exit.BadSetting, errors.New("ROLE_CHAIN_ROLE_MAP is not set: IAM alone decides which roles this pod may use"), "set it to the map's path, or give -map"))
	}
	m, err := rolemap.Read(s.RoleMap)
	if err != nil {
		return err
	}
	g, err := allowed(m, s, *subject)
	if err != nil {
		return err
	}
	if *asJSON {
		line, err := json.Marshal(g)
		if err == nil {
			_, err = stdout.Write(append(line, '\n'))
		}
		return err
	}
	return writeRoles(stdout, g)
}

// allowed returns what m allows a subject, or where that is "" the service account of the pod's token.
func allowed(m rolemap.Map, s settings.Settings, subject string) (settings.Grant, error) {
	if subject != "" {
		return m.For(subject)
	}
	token, err := firstToken(s)
	if err != nil {
		return settings.Grant{}, err
	}
	return m.Allows(token)
}

// firstToken returns the token of the first hop. In the environment of a job with a refresher the variables name the
// refresher's.
func firstToken(s settings.Settings) ([]byte, error) {
	if run, chained := handover.Chained(s); chained {
		spec, err := refresher.ChainedSpec(run)
		if err != nil {
			return nil, err
		}
		s.FirstHop, s.TokenFile, s.Locations.ContainerTokenFile = spec.FirstHop, spec.TokenFile, spec.ContainerTokenFile
	}
	return start.Token(s)
}

// read is settings.Read with what the role map allows, if there is one.
func read(env settings.Environment) (settings.Settings, settings.Log, []settings.Warning, error) {
	s, speak, warnings, problems := settings.Read(env)
	if s.RoleMap == "" {
		return s, speak, warnings, problems
	}
	if _, chained := handover.Chained(s); chained {
		return s, speak, warnings, problems // it goes by what the refresher has
	}
	m, err := rolemap.Read(s.RoleMap)
	var g settings.Grant
	if err == nil {
		g, err = allowed(m, s, "")
	}
	if err != nil {
		return s, speak, warnings, errors.Join(problems, err)
	}
	return settings.Read(env.With(g))
}

func writeRoles(out io.Writer, g settings.Grant) error {
	if len(g.Roles) == 0 {
		_, err := fmt.Fprintf(out, "%s allows %s no role\n", g.Map, g.Subject)
		return err
	}
	fmt.Fprintf(out, "%s allows %s\n\n", g.Map, g.Subject)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tROLE\tOPTIONS")
	for _, role := range g.Roles {
		name := role.Name
		if name == g.Default {
			name += " (default)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, role.Role, cmp.Or(strings.Join(has(role), ", "), "-"))
	}
	return w.Flush()
}

// has names the options of a role.
func has(role settings.Granted) (list []string) {
	for _, o := range []struct {
		name string
		set  bool
	}{
		{"external id", role.ExternalID != ""}, {"session name", role.SessionName != ""}, {"source identity", role.SourceIdentity != ""},
		{"session tags", len(role.Tags) > 0}, {"session policy", role.Policy != "" || len(role.PolicyARNs) > 0}, {"duration", role.Seconds != 0},
	} {
		if o.set {
			list = append(list, o.name)
		}
	}
	return list
}
