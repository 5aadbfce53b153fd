package rig

import (
	"fmt"
	"slices"
)

// Quantile returns the value below which the part q of the values lies, 0 to 1, between two values by their distance
// (Hyndman and Fan's type 7). It panics when there are none.
func Quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// Median returns the middle of the values.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// spread prints the median of the values, with so many digits behind the point, and their 10th and 90th percentile.
func spread(values []float64, digits int) string {
	return fmt.Sprintf("%.*f (%.*f-%.*f)", digits, Median(values), digits, Quantile(values, 0.1), digits, Quantile(values, 0.9))
}

// Ratio prints the ratios of two paired series, pair by pair. What slows down a whole round slows down both of a pair, and
// so is not in it. A series has no ratio to one that is empty, and to itself it is 1.
func Ratio(values, to []float64) string {
	switch {
	case len(to) == 0:
		return "-"
	case &values[0] == &to[0]:
		return "1"
	}
	return spread(pairwise(values, to, func(a, b float64) float64 { return a / b }), 2)
}

// Difference prints how much more the first of each pair is than the second.
func Difference(values, less []float64) string {
	return spread(pairwise(values, less, func(a, b float64) float64 { return a - b }), 1)
}

// Sum adds each pair of two paired series.
func Sum(a, b []float64) []float64 {
	return pairwise(a, b, func(a, b float64) float64 { return a + b })
}

func pairwise(a, b []float64, f func(a, b float64) float64) []float64 {
	list := make([]float64, len(a))
	for i := range a {
		list[i] = f(a[i], b[i])
	}
	return list
}
