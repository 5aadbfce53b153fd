package start

import "strings"

// lookup finds name in env. Of a name that is there twice the first counts, as it does for getenv.
func lookup(env []string, name string) (value string, there bool) {
	for _, assignment := range env {
		if n, v, _ := strings.Cut(assignment, "="); n == name {
			return v, true
		}
	}
	return "", false
}

// Environment returns env as the plan leaves it to the job. What the plan does not name keeps its bytes and its place.
func (p Plan) Environment(env []string) []string {
	drop := map[string]bool{}
	for _, name := range p.Unset {
		drop[name] = true
	}
	set := p.Set
	if p.Mark != "" {
		set = append(set[:len(set):len(set)], Variable{Name: MarkVariable, Value: p.Mark})
	}
	for _, v := range set {
		drop[v.Name] = true
	}
	changed := make([]string, 0, len(env)+len(set))
	for _, assignment := range env {
		if name, _, _ := strings.Cut(assignment, "="); !drop[name] {
			changed = append(changed, assignment)
		}
	}
	for _, v := range set {
		changed = append(changed, v.Name+"="+v.Value)
	}
	return changed
}
