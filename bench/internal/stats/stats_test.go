package stats

import (
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	values := []float64{40, 10, 30, 20}
	for q, want := range map[float64]float64{0: 10, 0.5: 25, 1: 40, 0.25: 17.5, 0.1: 13} {
		if got := Quantile(values, q); got != want {
			t.Errorf("Quantile(%v, %v) = %v, want %v", values, q, got, want)
		}
	}
	if !slices.Equal(values, []float64{40, 10, 30, 20}) {
		t.Errorf("the values were put into another order: %v", values)
	}
	if got := Quantile([]float64{7}, 0.9); got != 7 {
		t.Errorf("Quantile of a single value = %v", got)
	}
}

// Every round is its own comparison: a slow round slows down both.
func TestRatioIsPaired(t *testing.T) {
	floor := []float64{100, 1000, 250, 10}
	ours := []float64{200, 2000, 500, 20}
	if got, want := RatioOf(ours, floor), (Spread{2, 2, 2}); got != want {
		t.Errorf("RatioOf = %v, want %v", got, want)
	}
	got := RatioOf([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, slices.Repeat([]float64{2}, 11))
	if want := (Spread{3, 1, 5}); got != want {
		t.Errorf("RatioOf = %v, want %v", got, want)
	}
}

func TestDifferenceIsPaired(t *testing.T) {
	if got, want := DifferenceOf([]float64{105, 1005, 15}, []float64{100, 1000, 10}), (Spread{5, 5, 5}); got != want {
		t.Errorf("DifferenceOf = %v, want %v", got, want)
	}
	if got := Sum([]float64{1, 2}, []float64{10, 20}); !slices.Equal(got, []float64{11, 22}) {
		t.Errorf("Sum = %v", got)
	}
}

func TestSpreadIsPrinted(t *testing.T) {
	s := Spread{1.255, 1, 20}
	if got := s.Digits(1); got != "1.3 (1.0-20.0)" {
		t.Errorf("Digits(1) = %q", got)
	}
	if got := s.String(); got != "1.25 (1.00-20.00)" {
		t.Errorf("String = %q", got)
	}
}
