// Package start is a container's start in four steps: read (settings, then Look), plan (Make, which is pure), apply
// (Apply) and exec (Plan.Run). The plan is data, so `rolechain plan` shows it without doing it.
package start

import (
	"strings"

	"rolechain/internal/profile"
	"rolechain/internal/settings"
)

// A Plan is everything that a start does before and with the exec.
type Plan struct {
	Files     []File             // to be written, in order; a file that stands as it should is not in it
	Refresher *Refresher         // to be spawned; nil when each SDK does the chain itself
	Unset     []string           // variables that the job does not get, of those that are there
	Set       []Variable         // variables that the job gets, of those that differ
	Exec      Exec               // the original entrypoint
	Mark      string             // what the job gets as MarkVariable; "" for none
	Warnings  []settings.Warning // what the user should know and the start goes on with
	Summary   string             // one line for the log: what the job is now; "" when it passes straight through

	// Kept are the files with something of ours in them, written or standing already; killed starts and refreshers may have
	// left temp files beside them.
	Kept []string
}

// A File is what becomes of one path.
type File struct {
	Path          string
	Exists        bool // there is a file at Path now
	Before, After []byte
	Private       bool // Path is in the private directory, which is made if need be
	Own           bool // After is what a start makes of nothing, so that a crash while it is written loses nothing

	// ByRefresher is a file that the refresher writes, anew with each session: After has words in the place of keys. Seed is
	// what it is to find, when that is not what is there: the file has left its own place, or something of ours has to go.
	ByRefresher bool
	Seed        []byte
}

// A Variable is one assignment of the environment.
type Variable struct {
	Name  string
	Value string // as the plan shows it where the refresher has the real one
	From  Source
}

// A Source is who knows the value of a variable.
type Source int

const (
	Planned    Source = iota // the plan
	ReadyURI                 // the refresher, when it serves: the endpoint's address
	ReadyToken               // likewise: the endpoint's token
	ReadyID                  // likewise: its id
)

// An Exec is an execve: the file, and the arguments with the name that the file is called by.
type Exec struct {
	Path string
	Argv []string
}

// Make plans the start of args from the settings, what Look found, and the environment. It reads and writes nothing.
func Make(s settings.Settings, found Found, env, args []string) (Plan, error) {
	p := Plan{Exec: Exec{Path: found.Target, Argv: append([]string{s.Entrypoint}, args...)}}
	if s.ClientRole == "" {
		return p, nil
	}
	s, err := s.Named(found.Pod)
	if err != nil {
		return Plan{}, err
	}
	profiles := profile.Chain(s, string(s.SessionName))
	if s.Delivery == settings.Endpoint {
		if profiles, err = processes(s, found); err != nil {
			return Plan{}, err
		}
	}
	config, err := p.writeConfig(s, found, profiles)
	if err != nil {
		return Plan{}, err
	}
	if !s.Refreshed() {
		p.withdraw(&found)
		err = p.checkCredentials(found, profiles)
		p.placeProfile(s, found, config)
	} else {
		var credentials string
		credentials, err = p.writeCredentials(s, found, profiles)
		p.refresh(s, found, credentials)
		p.placeAll(s, found, config, credentials)
	}
	if err != nil {
		return Plan{}, err
	}
	if s.TokenVariables {
		p.leadTokenVariables(s)
	}
	p.changeEnvironment(s, env)
	p.Summary = Summary(s)
	return p, nil
}

// Summary is the chain in one line: its roles, in order.
func Summary(s settings.Settings) string {
	hops := make([]string, 0, len(s.Via)+2)
	if s.Locations.Sidecar != "" {
		hops = append(hops, "a sidecar")
	} else if s.Direct {
		hops = append(hops, "web identity token")
	} else if s.FirstHop == settings.PodIdentity {
		hops = append(hops, "EKS Pod Identity")
	} else {
		hops = append(hops, s.BaseRole)
	}
	for _, via := range s.Via {
		hops = append(hops, via.Role)
	}
	return strings.Join(append(hops, s.ClientRole), " > ")
}
