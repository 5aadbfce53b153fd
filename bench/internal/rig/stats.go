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

// A Spread is the median of a series, and its 10th and 90th percentile.
type Spread struct{ Median, Low, High float64 }

// SpreadOf panics when there are no values.
func SpreadOf(values []float64) Spread {
	return Spread{Median: Quantile(values, 0.5), Low: Quantile(values, 0.1), High: Quantile(values, 0.9)}
}

// String has two digits, as ratios are printed.
func (s Spread) String() string { return s.Digits(2) }

// Digits returns the spread with so many digits behind the point.
func (s Spread) Digits(n int) string {
	return fmt.Sprintf("%.*f (%.*f-%.*f)", n, s.Median, n, s.Low, n, s.High)
}

// RatioOf returns the ratios of two paired series, pair by pair. What slows down a whole round slows down both of a pair, and
// so is not in it.
func RatioOf(values, to []float64) Spread {
	return SpreadOf(pairwise(values, to, func(a, b float64) float64 { return a / b }))
}

// DifferenceOf returns how much more the first of each pair is than the second.
func DifferenceOf(values, less []float64) Spread {
	return SpreadOf(pairwise(values, less, func(a, b float64) float64 { return a - b }))
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
