package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// result is what a run found out.
type result struct {
	Question string             `json:"question"`
	N        int                `json:"n"`
	Rounds   int                `json:"rounds"`
	Results  map[string]figures `json:"results"` // by peer: medians by metric
	Ratios   map[string]figures `json:"ratios"`  // by metric: Holdfast's over each peer's
}

// metrics in the order of the table, and whether less is better.
var metrics = []struct {
	name string
	less bool
}{
	{"rss_per_channel", true},
	{"heap_per_channel", true},
	{"goroutines_per_channel", true},
	{"opens_per_second", false},
	{"restarts_per_second", false},
	{"sends_per_second", false},
	{"receives_per_second", false},
	{"receives_batched_per_second", false},
}

func (r *result) divide() {
	own := r.Results[peers[0]]
	for _, m := range metrics {
		ratios := figures{}
		for _, peer := range peers[1:] {
			if other := r.Results[peer][m.name]; other != 0 {
				ratios[peer] = own[m.name] / other
			}
		}
		r.Ratios[m.name] = ratios
	}
}

func (r *result) table(to io.Writer) {
	fmt.Fprintf(to, "%d connections, medians of %d rounds\n", r.N, r.Rounds)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) {
		for _, cell := range cells {
			fmt.Fprintf(w, "%s\t", cell)
		}
		fmt.Fprintln(w)
	}
	head := append([]string{""}, peers...)
	for _, peer := range peers[1:] {
		head = append(head, "/"+peer)
	}
	row(append(head, "better")...)
	for _, m := range metrics {
		cells := []string{m.name}
		for _, peer := range peers {
			cells = append(cells, rounded(r.Results[peer][m.name]))
		}
		for _, peer := range peers[1:] {
			cells = append(cells, fmt.Sprintf("%.2f", r.Ratios[m.name][peer]))
		}
		row(append(cells, map[bool]string{true: "less", false: "more"}[m.less])...)
	}
	_ = w.Flush()
}

// rounded writes a figure with as many digits as it deserves.
func rounded(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.2f", x)
	}
	digits := []byte(fmt.Sprintf("%.0f", x))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = slices.Insert(digits, i, ',')
	}
	return string(digits)
}
