package policies

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rolechain/internal/refresher"
	"rolechain/internal/settings"
)

// permissions allows a role to go on to the next ones.
func (m maker) permissions(role string, next []settings.Hop) Document {
	var tagged, sourced []settings.Hop
	for _, hop := range next {
		if len(hop.Options.Tags) > 0 || m.inheritsTags(role) {
			tagged = append(tagged, hop)
		}
		if hop.Options.SourceIdentity != "" || m.inheritedSource(role) != "" {
			sourced = append(sourced, hop)
		}
	}
	statements := []Statement{{Sid: "NextHop", Action: Words{"sts:AssumeRole"}, Resource: roles(next)}}
	if len(tagged) > 0 {
		statements = append(statements, Statement{Sid: "NextHopTags", Action: Words{"sts:TagSession"}, Resource: roles(tagged)})
	}
	if len(sourced) > 0 {
		statements = append(statements, Statement{Sid: "NextHopSource", Action: Words{"sts:SetSourceIdentity"}, Resource: roles(sourced)})
	}
	return document(role, Permissions, statements)
}

// trust allows a role to be assumed from the one before it. Where several profiles lead to it, with options of their own, each is
// allowed.
func (m maker) trust(from, role string, next []settings.Hop) Document {
	var statements []Statement
	add := func(s Statement) {
		s.Principal = map[string]string{"AWS": from}
		same := func(other Statement) bool { return reflect.DeepEqual(other.Action, s.Action) }
		if slices.ContainsFunc(statements, func(other Statement) bool {
			return same(other) && (other.Condition == nil || reflect.DeepEqual(other.Condition, s.Condition))
		}) {
			return // it allows this, too
		}
		if s.Condition == nil {
			statements = slices.DeleteFunc(statements, same)
		}
		n := 1
		for _, other := range statements {
			if same(other) {
				n++
			}
		}
		if n > 1 {
			s.Sid = fmt.Sprintf("%s%d", s.Sid, n)
		}
		statements = append(statements, s)
	}
	for _, hop := range next {
		if hop.Role != role {
			continue
		}
		var who []is
		if m.s.FirstHop == settings.PodIdentity { // its tags stay along the whole chain
			who = append(who, is{"aws:PrincipalTag/kubernetes-namespace", m.namespace}, is{"aws:PrincipalTag/kubernetes-service-account", m.account})
		}
		if hop.Options.ExternalID != "" {
			who = append(who, is{"sts:ExternalId", hop.Options.ExternalID})
		}
		assume := Statement{Sid: "PreviousHop", Action: Words{"sts:AssumeRole"}}
		if len(who) > 0 {
			assume.Condition = conditions(who...)
		}
		add(assume)
		if len(hop.Options.Tags) > 0 || m.inheritsTags(from) {
			add(Statement{Sid: "PreviousHopTags", Action: Words{"sts:TagSession"}, Condition: m.tags(from, hop.Options.Tags)})
		}
		source := m.inheritedSource(from)
		if source == "" {
			source = hop.Options.SourceIdentity
		}
		if source != "" {
			add(Statement{Sid: "PreviousHopSource", Action: Words{"sts:SetSourceIdentity"},
				Condition: conditions(is{"sts:SourceIdentity", m.filled(source, refresher.SourceIdentity, refresher.KeptOfSourceIdentity)})})
		}
	}
	return document(role, Trust, statements)
}

// tags are the conditions on session tags; nil where all of them are inherited.
func (m maker) tags(from string, tags map[string]string) Condition {
	if len(tags) == 0 {
		return nil
	}
	var all []is
	keys := slices.Sorted(maps.Keys(tags))
	for _, key := range keys {
		all = append(all, is{"aws:RequestTag/" + key, m.filled(tags[key], refresher.Tag, refresher.KeptOfTag)})
	}
	c := conditions(all...)
	if !m.inheritsTags(from) {
		c["ForAllValues:StringEquals"] = map[string]Words{"aws:TagKeys": keys}
	}
	return c
}

// filled is what comes of a template in the pods of this service account: * stands for what differs from pod to pod.
func (m maker) filled(template string, fit func(string) string, kept int) string {
	const anything = "*"
	text, err := settings.Fill("", template, settings.Pod{Name: anything, Job: anything, Namespace: m.namespace, ServiceAccount: m.account})
	if err != nil {
		return anything
	}
	head, _, differs := strings.Cut(text, anything)
	if !differs {
		return fit(text)
	}
	// One that is too long loses its middle.
	return head[:min(len(head), kept)] + anything
}

// before are the hops up to a role that is not at the end, that one included.
func (m maker) before(role string) []settings.Hop {
	for i, via := range m.s.Via {
		if via.Role == role {
			return m.s.Via[:i+1]
		}
	}
	return nil
}

// inheritsTags reports whether sessions that the role asks for get tags from its own.
func (m maker) inheritsTags(role string) bool {
	return m.s.FirstHop == settings.PodIdentity || slices.ContainsFunc(m.before(role), func(h settings.Hop) bool { return len(h.Options.TransitiveTags) > 0 })
}

// inheritedSource is the source identity that sessions of the role have already; "" for none. It stays once it is set.
func (m maker) inheritedSource(role string) string {
	for _, hop := range m.before(role) {
		if hop.Options.SourceIdentity != "" {
			return hop.Options.SourceIdentity
		}
	}
	return ""
}
