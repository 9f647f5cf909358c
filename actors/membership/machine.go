package membership

import (
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

const defaultDelay = time.Second

// Machine steps rooms through the table. It has no state of its own: one serves
// any number of rooms with the same policies.
type Machine struct {
	// Strategy decides, after a join that was not granted, how long to wait or
	// whether to give up. nil retries after a second, for ever.
	Strategy lifecycle.Strategy
	Rejoin   messages.RejoinPolicy
	Missing  messages.MissingPolicy

	rules *rules // nil: the house's; tests put mutants here
}

// Step takes the row for this state and event and returns the state after it,
// and what its driver must do. It returns false, and the state as it was, if
// there is no such row: the event is stale or impossible, and the caller drops
// and counts it.
func (m Machine) Step(s State, ev Event) (State, Step, bool) {
	rules := m.rules
	if rules == nil {
		rules = house
	}
	turn := move{State: s, machine: m, event: ev}
	row := rules.Find(s.Status, ev.Kind, &turn)
	if row == nil {
		return s, Step{}, false
	}
	turn.step.Row = row
	turn.step.Reason = ev.Reason
	if ev.Reason.Code == messages.ReasonOK {
		turn.step.Reason.Code = row.Reason
	}
	row.Act(&turn)
	turn.step.Rearm &= s.Timers & turn.Timers // else arming is not "anew"
	return turn.State, turn.step, true
}

func (m Machine) rejoins() bool { return m.Rejoin == messages.AutoRejoin }
func (m Machine) creates() bool { return m.Missing == messages.CreateIfMissing }

func (m Machine) verdict(f lifecycle.Failure) lifecycle.Verdict {
	if m.Strategy == nil {
		return lifecycle.Verdict{Delay: defaultDelay}
	}
	return m.Strategy.Next(f)
}
