package stage

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed14814784/holdfast/tests/bench/internal/gauge"
	"github.com/seed14814784/holdfast/tests/bench/internal/peer"
)

// result is what a run found out.
type result struct {
	Question string                   `json:"question"`
	N        int                      `json:"n"`
	Rounds   int                      `json:"rounds"`
	Results  map[string]gauge.Figures `json:"results"` // by peer: medians by metric
	Ratios   map[string]gauge.Figures `json:"ratios"`  // by metric: Holdfast's over each peer's
}

// nothing is so little that dividing by it says nothing.
const nothing = 0.005

func (r *result) divide(metrics []Metric) {
	own := peer.Names[0]
	for _, m := range metrics {
		ratios := gauge.Figures{}
		for name, figures := range r.Results {
			if name != own && figures[m.name] > nothing {
				ratios[name] = r.Results[own][m.name] / figures[m.name]
			}
		}
		r.Ratios[m.name] = ratios
	}
}

// table has a row for each metric: the figures, and in a second line what
// Holdfast's are in parts of the others'.
func (r *result) table(to io.Writer, metrics []Metric, names []string) {
	_, _ = fmt.Fprintf(to, "%s: %d channels, medians of %d rounds, and Holdfast's in parts of each peer's\n", r.Question, r.N, r.Rounds)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) {
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	row(append(append([]string{""}, names...), "better")...)
	for _, m := range metrics {
		values, parts := []string{m.name}, []string{"", ""}
		for _, name := range names {
			values = append(values, rounded(r.Results[name][m.name]))
		}
		for _, name := range names[1:] {
			part := "-"
			if ratio, ok := r.Ratios[m.name][name]; ok {
				part = fmt.Sprintf("×%.2f", ratio)
			}
			parts = append(parts, part)
		}
		row(append(values, map[bool]string{true: "less", false: "more"}[m.less])...)
		row(append(parts, "")...)
	}
	_ = w.Flush()
}

// rounded writes a figure with as many digits as it deserves.
func rounded(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.2f", x)
	}
	digits := fmt.Appendf(nil, "%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	return string(digits)
}
