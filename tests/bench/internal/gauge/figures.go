package gauge

import "slices"

// Figures are what one peer reached, by metric.
type Figures map[string]float64

// Medians takes the median of each metric that the first round has.
func Medians(rounds []Figures) Figures {
	m := Figures{}
	for metric := range rounds[0] {
		values := make([]float64, len(rounds))
		for i, f := range rounds {
			values[i] = f[metric]
		}
		slices.Sort(values)
		m[metric] = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	return m
}
