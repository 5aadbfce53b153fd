package handover

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// grantVariable hands what the role map allows from a start to the programs that it starts: they are to go by the same map, and
// to go on with it when the file has changed.
const grantVariable = "ROLECHAIN_GRANT"

// WithGrant returns env, of a program that a start starts, with the roles of g that s uses.
func WithGrant(env []string, s settings.Settings, g settings.Grant) ([]string, error) {
	used := map[string]bool{s.ClientRole: true}
	for _, via := range s.Via {
		used[via.Role] = true
	}
	for _, named := range s.Profiles {
		used[named.Role] = true
	}
	roles := g.Roles
	g.Roles = nil
	for _, role := range roles {
		if used[role.Role] || role.Role == s.BaseRole {
			g.Roles = append(g.Roles, role)
		}
	}
	data, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	// Before any that the pod has: of a name that is there twice the first counts.
	return append([]string{grantVariable + "=" + string(data)}, env...), nil
}

// Settings is settings.Read for a program that a start has started, with what WithGrant has put into env.
func Settings(env settings.Environment) (settings.Settings, settings.Log, []settings.Warning, error) {
	s, speak, warnings, err := settings.Read(env)
	if s.RoleMap == "" {
		return s, speak, warnings, err
	}
	for _, assignment := range env.List {
		value, found := strings.CutPrefix(assignment, grantVariable+"=")
		if !found {
			continue
		}
		var g settings.Grant
		if err := json.Unmarshal([]byte(value), &g); err != nil {
			return s, speak, warnings, exit.Because(exit.Internal, fmt.Errorf("what the start has told of the role map: %w", err), "")
		}
		return settings.Read(env.With(g))
	}
	return s, speak, warnings, errors.Join(err, exit.Because(exit.Internal, errors.New("the start has not told what the role map allows"), ""))
}
