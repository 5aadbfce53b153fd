package settings

import "strings"

// CheckOption checks the value of an option of a role map, by its key there; "tag key" and "tag" are those of a tag, "name" is
// a role's. problem is "" for a good one.
func CheckOption(key, value string) (problem, hint string) {
	switch key {
	case "name":
		return profileName(value)
	case "arn":
		return roleARN(value)
	case "external_id":
		return externalID(value)
	case "session_name":
		return sessionName(value)
	case "source_identity":
		return sourceIdentity(value)
	case "duration":
		return duration(true)(value) // by itself; whether the chain can have it shows when it is used
	case "policy_arns":
		return policyARN(value)
	case "tag key":
		if !tagText(value, 1, maxTagKey) || strings.HasPrefix(strings.ToLower(value), "aws:") {
			return "is not a tag's key", tagKeyHint
		}
	case "tag":
		if !tagText(withoutFields(value), 0, maxTagValue) {
			return "is not a tag's value", tagValueHint
		}
	}
	return "", ""
}

// Nearest returns the candidate that name most likely was meant to be, by the number of edits, or "" when none is near.
func Nearest(name string, candidates []string) string {
	return nearest(name, candidates, max(2, len(name)/2))
}
