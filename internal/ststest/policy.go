package ststest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Policy is an IAM policy document, evaluated as IAM does: what no statement allows is denied, and a Deny comes before
// every Allow. Of the language it has what policies about sts use; the rest is an error.
type Policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid, Effect string
	Principal   map[string]words // AWS, Federated, Service; of trust policies
	Action      words
	Resource    words // of permissions
	Condition   map[string]map[string]words
}

// words is a string, or a list of them.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(w))
}

// UnmarshalJSON reads a policy document, and refuses what is not known here.
func (p *Policy) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*document)(p)); err != nil {
		return fmt.Errorf("reading a policy: %w", err)
	}
	if p.Version != "2012-10-17" {
		return fmt.Errorf("a policy of version %q", p.Version)
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || (len(s.Principal) == 0) == (len(s.Resource) == 0) {
			return fmt.Errorf("statement %q has no effect, no action, or not one of principal and resource", s.Sid)
		}
		for operator := range s.Condition {
			if _, known := operators[operator]; !known {
				return fmt.Errorf("statement %q has the condition %q, which is not known here", s.Sid, operator)
			}
		}
	}
	return nil
}

// document is a Policy without its methods.
type document Policy

// keys are the values of a request that conditions ask for, by the key in lower case.
type keys map[string][]string

func (k keys) set(key string, values ...string) { k[strings.ToLower(key)] = values }

// operators compare the values of a request with those of a condition.
var operators = map[string]func(have, want []string) bool{
	"StringEquals": func(have, want []string) bool { return len(have) > 0 && slices.Contains(want, have[0]) },
	"StringLike":   func(have, want []string) bool { return len(have) > 0 && like(want, have[0]) },
	"ForAllValues:StringEquals": func(have, want []string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return !slices.Contains(want, h) })
	},
}

// allows evaluates the policy: a trust policy, in which a Principal of the kind must have one of the caller's names, or, where kind
// is "", permissions for a resource.
func (p *Policy) allows(kind string, names []string, action, resource string, request keys) bool {
	allowed := false
	for _, s := range p.Statement {
		if kind != "" && !slices.ContainsFunc(s.Principal[kind], func(w string) bool { return slices.Contains(names, w) }) ||
			kind == "" && !like(s.Resource, resource) || !like(s.Action, action) || !s.holds(request) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s statement) holds(request keys) bool {
	for operator, conditions := range s.Condition {
		for key, want := range conditions {
			if !operators[operator](request[strings.ToLower(key)], want) {
				return false
			}
		}
	}
	return true
}

// names reports whether a trust policy has a principal of the kind.
func (p *Policy) names(kind string) bool {
	return p != nil && slices.ContainsFunc(p.Statement, func(s statement) bool { return len(s.Principal[kind]) > 0 })
}

// keys are those of a call of AssumeRole by c.
func (q *request) keys(c caller) keys {
	k := keys{}
	k.set("sts:RoleSessionName", q.params["RoleSessionName"])
	if id := q.params["ExternalId"]; id != "" {
		k.set("sts:ExternalId", id)
	}
	var names []string
	for _, t := range q.tags() {
		k.set("aws:RequestTag/"+t.key, t.value)
		names = append(names, t.key)
	}
	k.set("aws:TagKeys", names...)
	source := q.params["SourceIdentity"]
	if c.session != nil {
		for key, value := range c.session.Tags {
			k.set("aws:PrincipalTag/"+key, value)
		}
		if source == "" {
			source = c.session.SourceIdentity
		}
	}
	if source != "" {
		k.set("sts:SourceIdentity", source)
	}
	return k
}
