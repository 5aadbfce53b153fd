package ststest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

type tag struct{ key, value string }

func (q *request) tags() []tag {
	return members(q.params, "Tags", func(prefix string) tag {
		return tag{q.params[prefix+".Key"], q.params[prefix+".Value"]}
	})
}

func (q *request) transitive() []string {
	return members(q.params, "TransitiveTagKeys", func(prefix string) string { return q.params[prefix] })
}

// mergeTags returns the next session's tags: those asked for, and the transitive ones of the session that asks, which
// nobody can override. Keys that differ only in case are the same key.
func mergeTags(from *Session, asked []tag, transitive []string) (map[string]string, []string, error) {
	invalid := func(message string) error {
		return refuse(http.StatusBadRequest, "InvalidParameterValue", "%s", message)
	}
	tags, keys, inherited, seen := map[string]string{}, []string{}, map[string]bool{}, map[string]bool{}
	if from != nil {
		for _, key := range from.TransitiveTags {
			tags[key] = from.Tags[key]
			keys = append(keys, key)
			inherited[strings.ToLower(key)] = true
		}
	}
	for _, t := range asked {
		lower := strings.ToLower(t.key)
		switch {
		case strings.HasPrefix(lower, "aws:"):
			return nil, nil, invalid("Tag keys that begin with aws: are reserved") // our words
		case seen[lower]:
			return nil, nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case inherited[lower]:
			return nil, nil, invalid("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		seen[lower] = true
		tags[t.key] = t.value
	}
	for _, key := range transitive {
		at := slices.IndexFunc(asked, func(t tag) bool { return strings.EqualFold(t.key, key) })
		if at < 0 {
			return nil, nil, invalid("The specified transitive tag key must be included in the requested tags.")
		}
		keys = append(keys, asked[at].key)
	}
	slices.Sort(keys)
	return tags, slices.Compact(keys), nil
}

const (
	// packedPolicy is the room for an inline policy and policy ARNs, in characters, by the API Reference.
	packedPolicy = 2048
	// packedTags is the room for tags. AWS packs them in a way of its own; 455 octets of keys and values is what two
	// public measurements come to (9 tags of 252 octets: 498 %; EKS Pod Identity's six tags: 74 %).
	packedTags = 455
)

// packedSize is the share of the room that policies and tags take, in percent, or a refusal above 100.
func packedSize(policy string, arns []string, tags map[string]string) (int, error) {
	policies := len(policy)
	for _, arn := range arns {
		policies += len(arn)
	}
	labels := 0
	for key, value := range maps.All(tags) {
		labels += len(key) + len(value)
	}
	forPolicies := (policies*100 + packedPolicy - 1) / packedPolicy
	forTags := (labels*100 + packedTags - 1) / packedTags
	if forPolicies+forTags <= 100 {
		return forPolicies + forTags, nil
	}
	what := "session tags"
	if forPolicies > forTags {
		what = "inline session policy" // our words; those for tags are AWS's
	}
	return 0, refuse(http.StatusBadRequest, "PackedPolicyTooLarge", "Packed size of %s consumes %d%% of allotted space.", what, forPolicies+forTags)
}
