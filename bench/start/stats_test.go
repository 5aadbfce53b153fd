package main

import (
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	values := []float64{40, 10, 30, 20}
	for q, want := range map[float64]float64{0: 10, 0.5: 25, 1: 40, 0.25: 17.5, 0.1: 13} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile(%v, %v) = %v, want %v", values, q, got, want)
		}
	}
	if !slices.Equal(values, []float64{40, 10, 30, 20}) {
		t.Errorf("the values were put into another order: %v", values)
	}
	if got := quantile([]float64{7}, 0.9); got != 7 {
		t.Errorf("quantile of a single value = %v", got)
	}
}

// Every round is its own comparison: a slow round slows down both.
func TestRatioIsPaired(t *testing.T) {
	floor := []float64{100, 1000, 250, 10}
	ours := []float64{200, 2000, 500, 20}
	if got, want := ratioOf(ours, floor), (ratio{2, 2, 2}); got != want {
		t.Errorf("ratioOf = %v, want %v", got, want)
	}
	got := ratioOf([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, slices.Repeat([]float64{2}, 11))
	if want := (ratio{3, 1, 5}); got != want {
		t.Errorf("ratioOf = %v, want %v", got, want)
	}
}
