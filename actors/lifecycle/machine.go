package lifecycle

import (
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

const (
	// MinDelay is the least time in Backoff and Suspended, whatever a strategy
	// says: no verdict can make a hot loop.
	MinDelay = 10 * time.Millisecond

	// MaxDelay is the longest time in Backoff and Suspended.
	MaxDelay = 365 * 24 * time.Hour

	// MaxAttempt is where Attempt stops growing, far from any overflow.
	MaxAttempt = 1 << 30

	defaultDelay         = time.Second
	defaultAuthThreshold = 3
)

// Machine steps channels through the table. It has no state of its own: one
// serves any number of channels, from any number of goroutines, if its strategy
// does.
type Machine struct {
	// Strategy decides, after a failure, how long to wait or whether to give
	// up. nil retries after a second, for ever.
	Strategy Strategy

	// AuthThreshold is how many rejected logins in a row end the channel in
	// Failed, not counting the one that a forced refresh answers. 0 means 3.
	AuthThreshold int

	// Sync is what becomes of a login that could not catch up.
	Sync SyncPolicy

	rules *rules // nil: the house's; tests put mutants here
}

// SyncPolicy is what becomes of a login whose catching up failed or took too
// long.
type SyncPolicy uint8

const (
	// SyncRequired ends the connection: half a history is worth less than a fresh
	// try.
	SyncRequired SyncPolicy = iota
	// SyncBestEffort goes on without the rest, Degraded.
	SyncBestEffort
)

// Step takes the row for this state and event and returns the state after it,
// and what its driver must do. It returns false, and the state as it was, if
// there is no such row: the event is stale or impossible, and the caller drops
// and counts it.
func (m Machine) Step(s State, ev Event) (State, Step, bool) {
	rules := m.rules
	if rules == nil {
		rules = house
	}
	turn := moves.Get().(*move)
	*turn = move{State: s, machine: m, event: ev}
	defer func() {
		*turn = move{}
		moves.Put(turn)
	}()
	row := rules.Find(s.Status, ev.Kind, turn)
	if row == nil {
		return s, Step{}, false
	}
	turn.step.Row = row
	turn.step.Reason = ev.Reason
	if ev.Reason.Code == messages.ReasonOK {
		turn.step.Reason.Code = row.Reason
	}
	row.Act(turn)
	turn.step.Rearm &= s.Timers & turn.Timers // else arming is not "anew"
	return turn.State, turn.step, true
}

// moves are made again and again, and never kept.
var moves = sync.Pool{New: func() any { return new(move) }}

func (m Machine) authThreshold() int {
	if m.AuthThreshold > 0 {
		return m.AuthThreshold
	}
	return defaultAuthThreshold
}

func (m Machine) verdict(f Failure) Verdict {
	if m.Strategy == nil {
		return Verdict{Delay: defaultDelay}
	}
	return m.Strategy.Next(f)
}
