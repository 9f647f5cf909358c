package membership

import (
	"fmt"
	"slices"

	"github.com/seed14814784/holdfast/messages"
)

// Row is one line of the table: in one of the statuses From, on an event of kind
// On, and if the guard holds, the room goes to one of the statuses To.
type Row struct {
	Number int           // as in the table of the lifecycle reference, from 1
	From   Statuses      // where the row applies
	On     Kind          // what must happen
	Guard  Guard         // what must hold besides
	To     Statuses      // where it may lead; empty: the status stays as it is
	Reason messages.Code // what the step says if the event gives no reason
	Note   string        // why the row is as it is
	act    func(*move)
}

// Guard is a condition of a row, in words and as a predicate.
type Guard struct {
	text  string
	holds func(*move) bool
}

// String returns the condition in words; "" if there is none.
func (g Guard) String() string { return g.text }

// always is the guard of rows that have none.
var always Guard

// Applies reports whether the machine takes this row for that state and event.
func (r *Row) Applies(m Machine, s State, ev Event) bool {
	if !r.From.Has(s.Status) || r.On != ev.Kind {
		return false
	}
	return r.Guard.holds == nil || r.Guard.holds(&move{State: s, machine: m, event: ev})
}

// String renders the row as one line, such as
// "14 Joined + T:rstable -> same".
func (r Row) String() string {
	line := fmt.Sprintf("%d %s + %s", r.Number, r.From, r.On)
	if r.Guard.text != "" {
		line += " [" + r.Guard.text + "]"
	}
	if r.To == 0 {
		line += " -> same"
	} else {
		line += " -> " + r.To.String()
	}
	if r.Reason != messages.ReasonOK {
		line += fmt.Sprintf(" (%d %s)", r.Reason, r.Reason.String())
	}
	return line
}

// house is the table that every room lives by.
var house = index(slices.Concat(wishes, answers, news, waits, connections))

// Table gives a copy of the table, in the order of the rows' numbers.
func Table() []Row { return slices.Clone(house.rows) }

// rules is a table made quick to ask: the few rows of each status and kind.
type rules struct {
	rows []Row
	at   [16][kindCount][]*Row
}

func index(rows []Row) *rules {
	x := &rules{rows: rows}
	for i := range rows {
		row := &rows[i]
		for _, status := range row.From.List() {
			x.at[status][row.On] = append(x.at[status][row.On], row)
		}
	}
	return x
}
