package jobconf

import (
	"errors"
	"slices"
)

// fill has a null, in the place of which a change goes, become an empty map, list or text first. It reports whether n is one: a
// name without a value in YAML, or what a program wrote that had nothing to say.
func (e *editor) fill(n *node, empty string) bool {
	start, end, null := e.c.null(n)
	if null {
		if start == end && start > 0 && e.c.data[start-1] == ':' {
			empty = " " + empty
		}
		e.nulls = append(e.nulls, splice{start, end, empty})
	}
	return null
}

// applyWithoutNulls makes the change once more, in the file in which the nulls that were met are filled.
func (e *editor) applyWithoutNulls(change Change) ([]byte, error) {
	const levels = 8 // of maps that a change makes: fewer
	change.filled++
	filled, err := Read(e.c.File, apply(e.c.data, e.nulls))
	if err == nil && change.filled > levels {
		err = errors.New("it is read as one again")
	}
	if err != nil {
		return nil, refuse(e.c.File, "a null in it cannot be filled: "+err.Error(), "take the nulls out")
	}
	change.Replace = slices.Clone(change.Replace)
	for i, r := range change.Replace {
		at := slices.IndexFunc(filled.Properties, func(p Property) bool { return p.Name == r.Property.Name && p.Where == r.Property.Where })
		if at < 0 {
			return nil, refuse(r.Property.Where, "it is not there any more once the nulls beside it are filled", "take the nulls out")
		}
		change.Replace[i].Property = filled.Properties[at]
	}
	return filled.Apply(change)
}

// null returns the bytes of a null, which are none where YAML has a name without a value. One that is shared is left alone.
func (c *Conf) null(n *node) (start, end int, null bool) {
	switch {
	case n == nil || n.kind != scalar || n.text != "" || n.shared:
		return 0, 0, false
	case n.yaml == nil:
		return n.start, n.end, n.end <= len(c.data) && string(c.data[n.start:n.end]) == "null"
	case n.yaml.ShortTag() != "!!null" || n.yaml.Anchor != "" || n.yaml.Style != 0:
		return 0, 0, false
	}
	start = (&editor{c: c}).offset(n.yaml)
	return start, start + len(n.yaml.Value), true
}
