package main

import (
	"cmp"
	"slices"
)

// longestFirst puts the cells in the order in which they are started. They wait most of their time, so the run takes
// little longer than its longest cell when that one starts first.
func longestFirst(cells []Cell) []Cell {
	sorted := slices.Clone(cells)
	slices.SortStableFunc(sorted, func(a, b Cell) int { return cmp.Compare(b.weight(), a.weight()) })
	return sorted
}

// weight grows with what a cell takes.
func (c Cell) weight() int {
	switch {
	case c.Real:
		return 100
	case c.Delivery == script && c.Situation == plain:
		return 50 // its outage is the longest
	}
	return len(c.Moments())
}
