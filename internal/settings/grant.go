package settings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"rolechain/internal/exit"
)

// A Grant is what a role map allows one service account. `rolechain roles -json` prints it.
type Grant struct {
	Map     string    `json:"map"`               // path of the file
	Subject string    `json:"subject"`           // the token's: system:serviceaccount:NAMESPACE:NAME
	Default string    `json:"default,omitempty"` // name of the role that counts where a submission names none; "" for none
	Roles   []Granted `json:"roles"`             // ordered by name
}

// A Granted is a role that the service account may use.
type Granted struct {
	Name string `json:"name"`
	Role string `json:"role"` // ARN
	Options
	Seconds int `json:"duration_seconds,omitempty"` // Options.Duration
}

// With returns e with what the role map that it names allows. Read takes no names of roles without it.
func (e Environment) With(g Grant) Environment {
	e.grant = &g
	return e
}

// WithoutMap returns e for somebody who cannot read the role map, such as the one who submits a job. Roles must be ARNs.
func (e Environment) WithoutMap() Environment {
	e.apart = true
	return e
}

// isARN reports whether value was meant to be an ARN, and not the name of a role in a map.
func isARN(value string) bool { return strings.HasPrefix(value, "arn:") }

// roleOrName is the check of a role where a map can have given it a name.
func (v *validator) roleOrName(value string) (problem, hint string) {
	if !v.mapped || isARN(value) {
		return roleARN(value)
	}
	if problem, _ = profileName(value); problem != "" {
		return "is neither the ARN of a role nor a name from the role map", "write it as arn:aws:iam::111122223333:role/name, or as `rolechain roles` names it"
	}
	return "", ""
}

// find returns the role that value names, by its ARN or by its name in the map. Without a map that is the ARN; before the
// map has been asked it is nothing.
func (v *validator) find(variable, value string) (Granted, bool) {
	switch {
	case value == "":
		return Granted{}, false
	case !v.mapped:
		return Granted{Role: value}, true
	case v.grant == nil:
		return Granted{}, false
	}
	var found []Granted
	for _, g := range v.grant.Roles {
		g.Duration = time.Duration(g.Seconds) * time.Second
		if g.Name == value || g.Role == value {
			found = append(found, g)
		}
	}
	switch {
	case len(found) == 0:
		v.refuse(variable, value)
		return Granted{}, false
	case slices.ContainsFunc(found, func(g Granted) bool { return !reflect.DeepEqual(g.Options, found[0].Options) }):
		v.fail(variable, value, "has several names in the role map, with different options: "+listed(found), "write the name of the one that is meant")
		return Granted{}, false
	}
	v.agree(variable, found[0])
	found[0].From = v.source(found[0])
	return found[0], true
}

// source is where the options of a role of the map are from. A session name and a duration of every hop count where it has none.
func (v *validator) source(g Granted) Source {
	from := Source{Mapped: fmt.Sprintf("the role %q in the role map %q", g.Name, v.grant.Map)}
	if g.SessionName == "" {
		from.Env = append(from.Env, "ROLE_CHAIN_SESSION_NAME")
	}
	if g.Duration == 0 {
		from.Env = append(from.Env, "ROLE_CHAIN_DURATION")
	}
	return from
}

// refuse says that the map does not allow a role, and which ones it does.
func (v *validator) refuse(variable, value string) {
	hint := "it allows it no role at all"
	if roles := v.grant.Roles; len(roles) > 0 {
		hint = "allowed are " + listed(roles)
	}
	v.problems = append(v.problems, exit.Because(exit.Denied,
		fmt.Errorf("%s: %q is no role that the role map %q allows %s", variable, value, v.grant.Map, v.grant.Subject), hint))
}

func listed(roles []Granted) string {
	list := make([]string, len(roles))
	for i, g := range roles {
		list[i] = fmt.Sprintf("%s (%s)", g.Name, g.Role)
	}
	return strings.Join(list, ", ")
}

// agree makes sure that the map asks for nothing that the delivery cannot carry, and for nothing else than the environment
// does for every hop.
func (v *validator) agree(variable string, g Granted) {
	if v.delivery == Profile || v.delivery == File {
		for _, o := range []struct {
			what string
			set  bool
		}{{"session tags", len(g.Tags) > 0}, {"a source identity", g.SourceIdentity != ""}, {"a session policy", g.Policy != "" || len(g.PolicyARNs) > 0}} {
			if o.set {
				v.fail(variable, g.Name, fmt.Sprintf("has %s in the role map, which no AWS profile can carry, and %s delivery writes one", o.what, v.delivery), "set ROLE_CHAIN_DELIVERY=endpoint")
			}
		}
	}
	if v.direct {
		for _, o := range []struct {
			what string
			set  bool
		}{{"session tags", len(g.Tags) > 0}, {"a source identity", g.SourceIdentity != ""}, {"an external id", g.ExternalID != ""}} {
			if o.set {
				v.fail(variable, g.Name, fmt.Sprintf("has %s in the role map, which %s", o.what, notWithToken), "leave out ROLE_CHAIN_DIRECT to chain through the job execution role")
			}
		}
	}
	if g.Duration != 0 {
		if problem, hint := duration(v.direct)(g.Duration.String()); problem != "" {
			v.fail(variable, g.Name, fmt.Sprintf("has a duration in the role map, %s, that %s", g.Duration, problem), hint)
		}
	}
	if g.SessionName != "" && v.given.sessionName != "" && g.SessionName != v.given.sessionName {
		v.differs("ROLE_CHAIN_SESSION_NAME", string(v.given.sessionName), g.Name, string(g.SessionName))
	}
	if g.Duration != 0 && v.given.duration != 0 && g.Duration != v.given.duration {
		v.differs("ROLE_CHAIN_DURATION", v.given.duration.String(), g.Name, g.Duration.String())
	}
}

// given are the settings of every hop that the environment has, as opposed to those that it leaves to their defaults.
type given struct {
	sessionName SessionName
	duration    time.Duration
}

func (v *validator) givenIn(env []string) given {
	d, _ := time.ParseDuration(first(env, "ROLE_CHAIN_DURATION"))
	return given{SessionName(first(env, "ROLE_CHAIN_SESSION_NAME")), d}
}

// identities makes sure that no hop sets another source identity than one before it: STS keeps the first.
func (v *validator) identities(s Settings) {
	held, of := "", ""
	for _, via := range s.Via {
		v.identity(via.Role, via.Options.SourceIdentity, held, of)
		if held == "" {
			held, of = via.Options.SourceIdentity, via.Role
		}
	}
	v.identity(s.ClientRole, s.Options.SourceIdentity, held, of)
	for _, named := range s.Profiles {
		v.identity(named.Role, named.Options.SourceIdentity, held, of)
	}
}

func (v *validator) identity(role, ours, held, of string) {
	if ours != "" && held != "" && ours != held {
		v.fail("ROLE_CHAIN_ROLE_MAP", ours, fmt.Sprintf("would be the source identity of %s, on the way to which %s has set %q", role, of, held), "AWS keeps the source identity that was set first: give both roles the same, or one of them none")
	}
}

func (v *validator) differs(variable, value, role, mapped string) {
	v.fail(variable, value, fmt.Sprintf("differs from %q, which the role map has for %q", mapped, role), "leave the variable out: the map's counts")
}

// merge puts what the map has for the client role into the options that the environment has for it.
func (v *validator) merge(s *Settings, g Granted) {
	o := &s.Options
	o.From = g.From
	env := func(variable string) { o.From.Env = append(o.From.Env, variable) }
	text := func(variable string, ours *string, mapped string) {
		if mapped == "" && *ours != "" {
			env(variable)
		}
		if mapped != "" && *ours != "" && *ours != mapped {
			v.differs(variable, *ours, g.Name, mapped)
		}
		if mapped != "" {
			*ours = mapped
		}
	}
	text("ROLE_CHAIN_EXTERNAL_ID", &o.ExternalID, g.ExternalID)
	text("ROLE_CHAIN_SOURCE_IDENTITY", &o.SourceIdentity, g.SourceIdentity)
	if len(g.Tags) > 0 {
		if len(o.Tags) > 0 && !maps.Equal(o.Tags, g.Tags) {
			v.differs("ROLE_CHAIN_SESSION_TAGS", pairs(o.Tags), g.Name, pairs(g.Tags))
		}
		o.Tags = g.Tags
	} else if len(o.Tags) > 0 {
		env("ROLE_CHAIN_SESSION_TAGS")
	}
	list := func(variable string, ours *[]string, mapped []string) {
		if len(*ours) > 0 && !slices.Equal(slices.Sorted(slices.Values(*ours)), slices.Sorted(slices.Values(mapped))) {
			v.differs(variable, strings.Join(*ours, ","), g.Name, strings.Join(mapped, ","))
		}
		*ours = mapped
	}
	if len(g.TransitiveTags) > 0 {
		list("ROLE_CHAIN_TRANSITIVE_TAGS", &o.TransitiveTags, g.TransitiveTags)
	} else if len(o.TransitiveTags) > 0 {
		env("ROLE_CHAIN_TRANSITIVE_TAGS")
	}
	// A session may do what any of its policies allows, so one more would widen it.
	if g.Policy != "" || len(g.PolicyARNs) > 0 {
		beside := func(variable, value string) {
			v.fail(variable, value, fmt.Sprintf("is a session policy beside those that the role map has for %q", g.Name), "leave the variable out: a session may do what any of its policies allows")
		}
		if s.PolicyFile != "" && g.Policy == "" {
			beside("ROLE_CHAIN_SESSION_POLICY_FILE", s.PolicyFile)
		}
		if len(o.PolicyARNs) > 0 && len(g.PolicyARNs) == 0 {
			beside("ROLE_CHAIN_SESSION_POLICY_ARNS", strings.Join(o.PolicyARNs, ","))
			o.PolicyARNs = nil
		}
		list("ROLE_CHAIN_SESSION_POLICY_ARNS", &o.PolicyARNs, g.PolicyARNs)
	} else {
		o.From.Env = append(o.From.Env, "ROLE_CHAIN_SESSION_POLICY_FILE", "ROLE_CHAIN_SESSION_POLICY_ARNS")
	}
	o.Policy, o.SessionName, o.Duration = g.Policy, g.SessionName, g.Duration
}

func pairs(tags map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, key+"="+tags[key])
	}
	return strings.Join(list, ",")
}

// base makes sure that a first hop that the submission names is the pod's own, or one that the map allows: EKS's is bound to the
// service account by whoever runs the cluster.
func (v *validator) base(s *Settings, named bool, injected string, podIdentity bool) {
	if v.grant == nil || !named || s.BaseRole == "" || s.BaseRole == injected || injected == "" && !podIdentity {
		return
	}
	if !slices.ContainsFunc(v.grant.Roles, func(g Granted) bool { return g.Role == s.BaseRole }) {
		v.refuse("WEB_IDENTITY_ROLE_ARN", s.BaseRole)
	}
}
