package table

import "slices"

// Rules are a table made quick to ask. Statuses have numbers below 32, kinds below
// 64.
type Rules[S, K Name, M any] struct {
	rows []Row[S, K, M]
	at   [32][64][]*Row[S, K, M] // the few rows of each status and kind
}

// New makes rules of rows. It keeps a copy.
func New[S, K Name, M any](parts ...[]Row[S, K, M]) *Rules[S, K, M] {
	rules := &Rules[S, K, M]{rows: slices.Concat(parts...)}
	for i := range rules.rows {
		row := &rules.rows[i]
		for _, status := range row.From.List() {
			rules.at[status][row.On] = append(rules.at[status][row.On], row)
		}
	}
	return rules
}

// Rows gives a copy of the rows, in their order.
func (r *Rules[S, K, M]) Rows() []Row[S, K, M] { return slices.Clone(r.rows) }

// Fitting gives every row for that status, event and transition. In a table that is
// right it is at most one.
func (r *Rules[S, K, M]) Fitting(status S, on K, m *M) []*Row[S, K, M] {
	var all []*Row[S, K, M]
	for i := range r.rows {
		if r.rows[i].Fits(status, on, m) {
			all = append(all, &r.rows[i])
		}
	}
	return all
}

// Find gives the first row for that status, event and transition; nil if there is
// none. The row belongs to the rules.
func (r *Rules[S, K, M]) Find(status S, on K, m *M) *Row[S, K, M] {
	if int(status) >= len(r.at) || int(on) >= len(r.at[status]) {
		return nil
	}
	for _, row := range r.at[status][on] {
		if row.Guard.holds(m) {
			return row
		}
	}
	return nil
}
