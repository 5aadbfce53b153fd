package main

import "slices"

// quantile returns the value below which the part q of the values lies, 0 to 1, between two values by their distance
// (Hyndman and Fan's type 7). It panics when there are none.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// A ratio says how two paired series compare: the median of the pairs' own ratios, and the 10th and 90th percentile.
// Whatever slows down a whole round slows down both of a pair, and so is not in it.
type ratio struct{ median, low, high float64 }

func ratioOf(values, to []float64) ratio {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / to[i]
	}
	return ratio{median: quantile(ratios, 0.5), low: quantile(ratios, 0.1), high: quantile(ratios, 0.9)}
}
