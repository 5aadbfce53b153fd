// Package rolemap reads an administrator's role map, a YAML file that says which service accounts may use which roles, and
// with which options. schema.json is the same for editors; docs/role-map.md explains it.
package rolemap

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/jwt"
	"rolechain/internal/settings"
)

// Schema is a JSON schema of the file, for editors.
//
//go:embed schema.json
var Schema []byte

// A Map is a role map that has been checked.
type Map struct {
	file  string
	roles map[string]settings.Granted
	rules []rule
}

// A rule allows roles to the service accounts that match.
type rule struct {
	namespaces, accounts []string // globs
	roles                []string // names
	fallback             string   // name of the role where a submission names none; "" for none
}

// Read reads the role map at path. The error joins an *exit.Error for each problem, each with its line and column.
func Read(path string) (Map, error) {
	data, there, err := durable.Read(path)
	if err == nil && !there {
		err = fmt.Errorf("there is no file %q", path)
	}
	if err != nil {
		return Map{}, exit.Because(exit.BadSetting, fmt.Errorf("ROLE_CHAIN_ROLE_MAP: %w", err),
			"mount it, from a ConfigMap for example, readable for the container's user; without its role map no job starts")
	}
	return Parse(path, data)
}

// Allows returns what the map allows the service account that a token is for. The error says that the token is for none.
func (m Map) Allows(token []byte) (settings.Grant, error) {
	claims, err := jwt.Read(strings.TrimSpace(string(token)))
	if err != nil {
		return settings.Grant{}, exit.Because(exit.NoToken, fmt.Errorf("the role map goes by the service account of the pod's token, which cannot be read: %w", err),
			"the token must be the projected service account token, as the kubelet mounts it")
	}
	return m.For(claims.Subject)
}

// For returns what the map allows a subject, system:serviceaccount:NAMESPACE:NAME. Of several rules that match, all roles are
// allowed, and the first default counts.
func (m Map) For(subject string) (settings.Grant, error) {
	namespace, account := jwt.Claims{Subject: subject}.ServiceAccount()
	if namespace == "" || account == "" {
		return settings.Grant{}, exit.Because(exit.Denied, fmt.Errorf("the role map %q allows roles to service accounts, and %q is none", m.file, subject),
			"a service account's subject is system:serviceaccount:NAMESPACE:NAME")
	}
	g := settings.Grant{Map: m.file, Subject: subject, Roles: []settings.Granted{}}
	allowed := map[string]bool{}
	for _, r := range m.rules {
		if !r.matches(namespace, account) {
			continue
		}
		for _, name := range r.roles {
			allowed[name] = true
		}
		if g.Default == "" {
			g.Default = r.fallback
		}
	}
	for name := range allowed {
		g.Roles = append(g.Roles, m.roles[name])
	}
	slices.SortFunc(g.Roles, func(a, b settings.Granted) int { return strings.Compare(a.Name, b.Name) })
	return g, nil
}

func (r rule) matches(namespace, account string) bool {
	like := func(globs []string, name string) bool {
		return slices.ContainsFunc(globs, func(glob string) bool { return match(glob, name) })
	}
	return like(r.namespaces, namespace) && like(r.accounts, account)
}

// match reports whether name is like glob: * is any run of characters, ? is one.
func match(glob, name string) bool {
	star, from := -1, 0
	g, n := 0, 0
	for n < len(name) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, from = g, n
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == name[n]):
			g++
			n++
		case star >= 0: // the last star takes one more
			from++
			g, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
