// Package policies writes the IAM policies of a role chain: who may become each role, and what each role needs for the next hop.
package policies

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/jwt"
	"rolechain/internal/settings"
)

// A Document is one policy.
type Document struct {
	Role   string `json:"role"` // ARN of the role that it is for; of Submitters the one that they submit as
	Kind   Kind   `json:"kind"`
	Policy Policy `json:"policy"`
}

// A Kind says where a policy belongs.
type Kind string

const (
	Trust       Kind = "trust"       // the role's trust policy
	Permissions Kind = "permissions" // a policy of the role, beside what it needs for its data
	Submitters  Kind = "submitters"  // a policy of whoever starts job runs
)

// A Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// A Statement allows something.
type Statement struct {
	Sid       string
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    Words
	Resource  Words     `json:",omitempty"`
	Condition Condition `json:",omitempty"`
}

// A Condition has the values by operator and key.
type Condition map[string]map[string]Words

// Words are written as one string where there is only one, as IAM does.
type Words []string

// MarshalJSON writes one string, or a list.
func (w Words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return json.Marshal(w[0])
	}
	return json.Marshal([]string(w))
}

// Make returns the policies of the chain of s, in the order of the hops: for each role its trust policy, then its permissions. token
// has the claims of the pod's token. The error says what is not known.
func Make(s settings.Settings, token jwt.Claims) ([]Document, error) {
	m := maker{s: s, token: token}
	m.namespace, m.account = token.ServiceAccount()
	if m.namespace == "" {
		return nil, fmt.Errorf("the token is for %q, which is no service account", token.Subject)
	}
	m.account = anyOfEMRs(m.account)
	base, err := m.first()
	if err != nil {
		return nil, err
	}
	list := []Document{base}
	if s.Direct { // each role at the end trusts the token by itself
		for _, role := range roles(m.last()) {
			trust, err := m.webIdentity(role)
			if err != nil {
				return nil, err
			}
			list = append(list, trust)
		}
		return append(list, m.submitters()), nil
	}
	from, chain := s.BaseRole, m.hops()
	for _, next := range chain {
		list = append(list, m.permissions(from, next))
		for _, role := range roles(next) {
			list = append(list, m.trust(from, role, next))
		}
		from = next[0].Role
	}
	return append(list, m.submitters()), nil
}

type maker struct {
	s                  settings.Settings
	token              jwt.Claims
	namespace, account string
}

// hops are the roles that each hop after the first leads to: one, but for the last.
func (m maker) hops() (list [][]settings.Hop) {
	for _, via := range m.s.Via {
		list = append(list, []settings.Hop{via})
	}
	return append(list, m.last())
}

// last are the roles at the end.
func (m maker) last() []settings.Hop {
	list := []settings.Hop{{Role: m.s.ClientRole, Options: m.s.Options}}
	for _, named := range m.s.Profiles {
		list = append(list, settings.Hop{Role: named.Role, Options: named.Options})
	}
	return list
}

// roles are the ARNs of hops, each once.
func roles(hops []settings.Hop) (list []string) {
	for _, hop := range hops {
		if !slices.Contains(list, hop.Role) {
			list = append(list, hop.Role)
		}
	}
	return list
}

// anyOfEMRs is a pattern for all service accounts that EMR has made for one role, where account is one of them: driver, executors
// and the job runner have one each, emr-containers-sa-spark-driver-ACCOUNT-ROLE.
func anyOfEMRs(account string) string {
	words := strings.Split(account, "-")
	if n := len(words); n >= 7 && strings.HasPrefix(account, "emr-containers-sa-") {
		return "emr-containers-sa-*-*-" + words[n-2] + "-" + words[n-1]
	}
	return account
}

func document(role string, kind Kind, statements []Statement) Document {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
	return Document{role, kind, Policy{"2012-10-17", statements}}
}
