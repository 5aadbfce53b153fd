package settings

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Limits of STS (API reference, AssumeRole).
const (
	maxTags       = 50
	maxTagKey     = 128 // characters
	maxTagValue   = 256 // characters
	maxPolicyARNs = 10
)

const (
	tagKeyHint   = "1 to 128 letters, digits, blanks and _.:/=+-@, not beginning with aws:"
	tagValueHint = "up to 256 letters, digits, blanks and _.:/=+-@, and " + templateHint
)

// options reads the options of the AssumeRole to the client role that a profile cannot carry. They are refused where a
// profile does the chain, since the job would run with more permissions than it was meant to have.
// Tags can be those that the role map has for the role.
func (v *validator) options(env variables, s *Settings, mapped Granted) {
	s.Options.SourceIdentity = v.chained(s, "ROLE_CHAIN_SOURCE_IDENTITY", env.SourceIdentity, sourceIdentity)
	if tags := v.chained(s, "ROLE_CHAIN_SESSION_TAGS", env.SessionTags, anything); tags != "" {
		s.Options.Tags = v.tags(tags)
	}
	if keys := v.chained(s, "ROLE_CHAIN_TRANSITIVE_TAGS", env.TransitiveTags, anything); keys != "" {
		s.Options.TransitiveTags = v.transitive(keys, s.Options.Tags, mapped.Tags)
	}
	s.PolicyFile = v.carried(s, "ROLE_CHAIN_SESSION_POLICY_FILE", env.SessionPolicyFile, filePath)
	if arns := v.carried(s, "ROLE_CHAIN_SESSION_POLICY_ARNS", env.SessionPolicyARNs, anything); arns != "" {
		s.Options.PolicyARNs = v.policyARNs(arns, Partition(s.ClientRole))
	}
}

// notWithToken is wrong with an option that AssumeRoleWithWebIdentity has no parameter for.
const notWithToken = "cannot be carried by AssumeRoleWithWebIdentity, by which ROLE_CHAIN_DIRECT=true assumes the client role"

// indirect refuses what only a chain can honor, and reports whether it did.
func (v *validator) indirect(s *Settings, name string, value *string, problem string) bool {
	if !s.Direct || value == nil {
		return false
	}
	v.fail(name, *value, problem, "leave it out, or leave out ROLE_CHAIN_DIRECT to chain through the job execution role")
	return true
}

// chained is carried for what AssumeRole alone has a parameter for.
func (v *validator) chained(s *Settings, name string, value *string, c check) string {
	if v.indirect(s, name, value, notWithToken) {
		return ""
	}
	return v.carried(s, name, value, c)
}

// carried is get for what only endpoint delivery can honor.
func (v *validator) carried(s *Settings, name string, value *string, c check) string {
	if value != nil && (s.Delivery == Profile || s.Delivery == File) {
		v.fail(name, *value, fmt.Sprintf("cannot be carried by an AWS profile, which %s delivery writes", s.Delivery), "leave it out, or set ROLE_CHAIN_DELIVERY=endpoint")
		return ""
	}
	return v.get(name, value, c)
}

// tags reads key=value,key=value. STS compares keys without regard to case.
func (v *validator) tags(value string) map[string]string {
	const name = "ROLE_CHAIN_SESSION_TAGS"
	items, err := list(value)
	if err != nil {
		v.fail(name, value, err.Error(), "key=value, comma separated")
		return nil
	}
	if len(items) > maxTags {
		v.fail(name, value, fmt.Sprintf("has %d tags", len(items)), fmt.Sprintf("STS takes %d at most", maxTags))
	}
	tags := map[string]string{}
	seen := map[string]bool{}
	for _, item := range items {
		key, text, found := strings.Cut(item, "=")
		switch folded := strings.ToLower(key); {
		case !found:
			v.fail(name, item, "is not key=value", "key=value, comma separated")
		case !tagText(key, 1, maxTagKey) || strings.HasPrefix(folded, "aws:"):
			v.fail(name, key, "is not a tag's key", tagKeyHint)
		case !tagText(withoutFields(text), 0, maxTagValue):
			v.fail(name, text, "is not a tag's value", tagValueHint)
		case seen[folded]:
			v.fail(name, key, "names a tag twice", "STS does not tell upper and lower case apart in them")
		default:
			seen[folded] = true
			tags[key] = text
		}
	}
	return tags
}

// InTag reports whether a tag can have a character.
func InTag(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
}

// InSourceIdentity reports whether a source identity can have a character.
func InSourceIdentity(r rune) bool { return strings.ContainsRune(sessionNameChars, r) }

// tagText checks the characters of a tag, [\p{L}\p{Z}\p{N}_.:/=+\-@]* (STS API reference, Tag).
func tagText(text string, min, max int) bool {
	for _, r := range text {
		if !InTag(r) {
			return false
		}
	}
	n := utf8.RuneCountInString(text)
	return n >= min && n <= max && utf8.ValidString(text)
}

// transitive reads keys of tags, or else of those that the role map has. STS refuses one that is not among them.
func (v *validator) transitive(value string, tags, mapped map[string]string) []string {
	const name = "ROLE_CHAIN_TRANSITIVE_TAGS"
	items, err := list(value)
	if err != nil {
		v.fail(name, value, err.Error(), "keys of tags, comma separated")
	}
	for i, key := range items {
		_, ours := tags[key]
		if _, ok := mapped[key]; !ok && !ours {
			v.fail(name, key, "is not a key of ROLE_CHAIN_SESSION_TAGS", "only those tags can be made transitive")
		} else if slices.Contains(items[:i], key) {
			v.fail(name, key, "names a tag twice", "name each tag once")
		}
	}
	return items
}

func (v *validator) policyARNs(value, partition string) []string {
	const name = "ROLE_CHAIN_SESSION_POLICY_ARNS"
	items, err := list(value)
	if err != nil {
		v.fail(name, value, err.Error(), "ARNs of managed policies, comma separated")
	}
	if len(items) > maxPolicyARNs {
		v.fail(name, value, fmt.Sprintf("has %d ARNs", len(items)), fmt.Sprintf("STS takes %d at most", maxPolicyARNs))
	}
	for _, item := range items {
		if v.get(name, &item, policyARN) != "" && partition != "" && Partition(item) != partition {
			v.fail(name, item, "is in another partition than the client role", "AWS lets no session cross a partition")
		}
	}
	return items
}

func policyARN(value string) (problem, hint string) {
	a, err := arn.Parse(value)
	rest, isPolicy := strings.CutPrefix(a.Resource, "policy/")
	if err != nil || a.Service != "iam" || a.Region != "" || !isPolicy || rest == "" || !only(rest, sessionNameChars+"/") ||
		a.AccountID != "aws" && (len(a.AccountID) != 12 || !only(a.AccountID, digits)) {
		return "is not the ARN of a managed policy", "write it as arn:aws:iam::aws:policy/ReadOnlyAccess or arn:aws:iam::111122223333:policy/name"
	}
	return "", ""
}

// sourceIdentity checks the template of a source identity ([\w+=,.@-]{2,64}, STS API reference, AssumeRole).
func sourceIdentity(value string) (problem, hint string) {
	rest := withoutFields(value)
	if rest == value && (len(value) < 2 || len(value) > 64) || !only(rest, sessionNameChars) {
		return "is not a source identity", "2 to 64 letters, digits and _+=,.@-, and " + templateHint
	}
	return "", ""
}
