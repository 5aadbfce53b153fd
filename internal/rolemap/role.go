package rolemap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"rolechain/internal/settings"
)

// role reads the options of a role.
func (r *reader) role(name, n *yaml.Node) settings.Granted {
	g := settings.Granted{Name: name.Value}
	var transitive []*yaml.Node
	var policies []*yaml.Node
	text := func(key string, into *string) field {
		return field{key, func(n *yaml.Node) { *into = r.checked(n, key, key) }}
	}
	var session, duration string
	has := r.mapping(n, fmt.Sprintf("the role %q", name.Value),
		text("arn", &g.Role),
		text("external_id", &g.ExternalID),
		text("session_name", &session),
		text("source_identity", &g.SourceIdentity),
		field{"tags", func(n *yaml.Node) { g.Tags = r.tags(n) }},
		field{"transitive_tags", func(n *yaml.Node) {
			r.list(n, "transitive_tags", func(n *yaml.Node) { transitive = append(transitive, n) })
		}},
		field{"policy", func(n *yaml.Node) { g.Policy = r.policy(n) }},
		field{"policy_arns", func(n *yaml.Node) {
			r.list(n, "policy_arns", func(n *yaml.Node) { policies = append(policies, n) })
		}},
		text("duration", &duration),
	)
	r.need(name, fmt.Sprintf("the role %q", name.Value), has, "arn")
	g.SessionName = settings.SessionName(session)
	g.Duration, _ = time.ParseDuration(duration) // checked
	g.Seconds = int(g.Duration.Seconds())
	for _, n := range transitive {
		key := r.text(n, "transitive_tags")
		if _, known := g.Tags[key]; !known && key != "" {
			r.fail(n, "only the role's own tags can be made transitive", "transitive_tags: %q is not a key of tags", key)
		} else if slices.Contains(g.TransitiveTags, key) {
			r.fail(n, "", "transitive_tags has %q twice", key)
		}
		g.TransitiveTags = append(g.TransitiveTags, key)
	}
	for _, n := range policies {
		arn := r.checked(n, "policy_arns", "policy_arns")
		if arn != "" && g.Role != "" && settings.Partition(arn) != settings.Partition(g.Role) {
			r.fail(n, "AWS lets no session cross a partition", "policy_arns: %q is in another partition than the role", arn)
		}
		g.PolicyARNs = append(g.PolicyARNs, arn)
	}
	if len(policies) > 10 { // STS API reference, AssumeRole
		r.fail(policies[10], "", "policy_arns has %d items, and STS takes 10", len(policies))
	}
	return g
}

// tags reads a mapping of tags. STS compares keys without regard to case.
func (r *reader) tags(n *yaml.Node) map[string]string {
	tags, folded := map[string]string{}, map[string]bool{}
	r.entries(n, "tags", func(key, value *yaml.Node) {
		if r.checked(key, "tags", "tag key") == "" {
			return
		}
		if folded[strings.ToLower(key.Value)] {
			r.fail(key, "STS does not tell upper and lower case apart in them", "tags has %q twice", key.Value)
		}
		folded[strings.ToLower(key.Value)] = true
		if at, _ := r.resolve(value); at.Kind == yaml.ScalarNode && at.Tag == "!!str" && at.Value == "" {
			tags[key.Value] = "" // a tag without a value
			return
		}
		tags[key.Value] = r.checked(value, "tags", "tag")
		if len(tags) == 51 { // STS API reference, AssumeRole
			r.fail(key, "", "tags has more than the 50 that STS takes")
		}
	})
	return tags
}

// policy reads a session policy, which is a mapping, or JSON in a text.
func (r *reader) policy(n *yaml.Node) string {
	at, ok := r.resolve(n)
	if !ok {
		return ""
	}
	var policy bytes.Buffer
	var object map[string]json.RawMessage
	text := ""
	if at.Kind == yaml.ScalarNode {
		text = r.text(n, "policy")
	} else {
		text = string(r.json(n, 0))
	}
	err := json.Unmarshal([]byte(text), &object)
	if err == nil {
		err = json.Compact(&policy, []byte(text))
	}
	statement := string(object["Statement"])
	switch length := utf8.RuneCount(policy.Bytes()); {
	case text == "" || r.stopped:
	case err != nil:
		r.fail(at, "write an IAM policy document, as a mapping or as JSON", "policy is no JSON object: %v", err)
	case !strings.HasPrefix(statement, "{") && !strings.HasPrefix(statement, "["):
		r.fail(at, "write an IAM policy document, as a mapping or as JSON", "policy has no Statement")
	case length > 2048: // STS API reference, AssumeRole
		r.fail(at, "shorten it, or use policy_arns", "policy has %d characters, and STS takes 2048", length)
	}
	return policy.String()
}

// json is the value of a node as JSON; nil after a problem.
func (r *reader) json(n *yaml.Node, depth int) []byte {
	at, ok := r.resolve(n)
	if !ok {
		return nil
	}
	if depth > 50 {
		r.fatal(n, "policy is nested too deeply")
		return nil
	}
	var b bytes.Buffer
	switch at.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		r.entries(n, "policy", func(key, value *yaml.Node) {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteString(quoted(key.Value) + ":")
			b.Write(r.json(value, depth+1))
		})
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range at.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(r.json(item, depth+1))
		}
		b.WriteByte(']')
	default:
		value, err := strconv.ParseBool(at.Value)
		switch {
		case at.Tag == "!!bool" && err == nil:
			return strconv.AppendBool(nil, value)
		default:
			return []byte(quoted(r.text(n, "policy")))
		}
	}
	return b.Bytes()
}

func quoted(text string) string {
	data, _ := json.Marshal(text) // a string always can be
	return string(data)
}
