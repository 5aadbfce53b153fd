package settings

import "strings"

// prefix of the variables that are this project's alone, so that an unknown one is worth a word.
const prefix = "ROLE_CHAIN_"

// roleVariables are ours too, but without the prefix: AWS's role chaining guide named them.
var roleVariables = []string{"CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN"}

// misspelt warns of each variable in env that is none of ours but looks as if it was meant to be, in upper or lower case:
// any unknown ROLE_CHAIN_ name, a name within two edits of one of ours, and one that differs from a role's variable in its
// end only, such as ROLE_2 or CLIENT_ROLE_NAME. The aliases ROLE_1_ARN and ROLE_2_ARN are so short that half of all
// variables about roles are within two edits of them.
func misspelt(env []string) []Warning {
	var candidates []string // most environments have no name that asks for them
	var warnings []Warning
	warned := map[string]bool{}
	for _, assignment := range env {
		name, _, _ := strings.Cut(assignment, "=")
		if warned[name] || !suspicious(name) || Known(name) || serviceLink(name) || !only(name, letters+digits+"_-.") {
			continue
		}
		if candidates == nil {
			candidates = append(candidates, roleVariables...)
			for _, n := range names() {
				if strings.HasPrefix(n, prefix) {
					candidates = append(candidates, n)
				}
			}
		}
		upper := strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToUpper(name))
		within := 2
		if strings.HasPrefix(upper, prefix) {
			within = len(name)
		}
		meant := nearest(upper, candidates, within)
		if meant == "" {
			meant = byStem(stem(upper))
		}
		if meant == "" {
			continue
		}
		warned[name] = true
		warnings = append(warnings, Warning{Text: name + " is not a setting of rolechain and is ignored", Hint: "did you mean " + meant + "?"})
	}
	return warnings
}

// suspicious reports whether name has one of the words of our names. Two edits leave at least one of a role variable's
// words whole, and hundreds of variables of a cluster's services need not be compared with each of ours.
func suspicious(name string) bool {
	upper := strings.ToUpper(name)
	for _, word := range []string{"ROL", "CHAIN", "ARN", "CLIENT", "IDENTITY"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}

// byStem returns the role's variable, or alias, that has this stem. One edit is allowed in a long one.
func byStem(s string) string {
	for _, name := range []string{"CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN", "ROLE_1_ARN", "ROLE_2_ARN"} {
		ours := stem(name)
		if s == ours || len(ours) > len("ROLE1") && nearest(s, []string{ours}, 1) != "" {
			return name
		}
	}
	return ""
}

// stem returns name without separators, and without the word that says which property of a role the value is.
func stem(name string) string {
	s := strings.ReplaceAll(name, "_", "")
	for _, property := range []string{"ARNS", "ARN", "NAME", "ID"} {
		if rest, found := strings.CutSuffix(s, property); found {
			return rest
		}
	}
	return s
}

// serviceLink reports whether name is of those that Kubernetes injects for a Service called role-chain or role-chain-…: ROLE_CHAIN_SERVICE_HOST, ROLE_CHAIN_UI_PORT_443_TCP_ADDR and their like
// (kubernetes.io, "Connecting Applications with Services", environment variables).
func serviceLink(name string) bool {
	for _, mark := range []string{"_SERVICE_HOST", "_SERVICE_PORT", "_PORT"} {
		_, rest, found := strings.Cut(name, mark)
		if found && (rest == "" || rest[0] == '_') {
			return true
		}
	}
	return false
}

// nearest returns the candidate with the fewest edits away from name, at most within of them, or "".
func nearest(name string, candidates []string, within int) string {
	best, distance := "", within+1
	for _, c := range candidates {
		if max(len(name)-len(c), len(c)-len(name)) >= distance {
			continue // it takes as many edits
		}
		if d := edits(name, c); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two names, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
