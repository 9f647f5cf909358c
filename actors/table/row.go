package table

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// Row is one line of a table: in one of the statuses From, on an event of kind
// On, and if the guard holds, it goes to one of the statuses To. M is the
// transition in the making, which the guard looks at and Act makes.
type Row[S, K Name, M any] struct {
	Number int           // as in the table of the lifecycle reference, from 1
	From   Set[S]        // where the row applies
	On     K             // what must happen
	Guard  Guard[M]      // what must hold besides
	To     Set[S]        // where it may lead; empty: the status stays as it is
	Reason messages.Code // what the step says if the event gives no reason
	Note   string        // why the row is as it is
	Act    func(*M)      // makes the transition
}

// Line is a row in one line.
func Line[S, K Name, M any](number int, from Set[S], on K, guard Guard[M], to Set[S], reason messages.Code, note string, act func(*M)) Row[S, K, M] {
	return Row[S, K, M]{number, from, on, guard, to, reason, note, act}
}

// Fits reports whether the row is the one for that status, event and transition.
func (r *Row[S, K, M]) Fits(status S, on K, m *M) bool {
	return r.From.Has(status) && r.On == on && r.Guard.holds(m)
}

// String renders the row as one line, such as
// "24 Held + Resume [no hold remains] -> Queued (107 Resumed)".
func (r Row[S, K, M]) String() string {
	line := fmt.Sprintf("%d %s + %s", r.Number, r.From, r.On)
	if r.Guard.Text != "" {
		line += " [" + r.Guard.Text + "]"
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

// Guard is a condition of a row, in words and as a predicate, which changes
// nothing. Its zero value always holds.
type Guard[M any] struct {
	Text  string
	Holds func(*M) bool
}

// String returns the condition in words; "" if there is none.
func (g Guard[M]) String() string { return g.Text }

// If is a guard in one line.
func If[M any](text string, holds func(*M) bool) Guard[M] { return Guard[M]{text, holds} }

func (g Guard[M]) holds(m *M) bool { return g.Holds == nil || g.Holds(m) }
