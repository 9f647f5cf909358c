package membership

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// move is one transition in the making: the state on its way from what it was to
// what it becomes, and the step that is going to be asked for.
type move struct {
	State
	machine Machine
	event   Event
	step    Step
}

func stay(*move) {}

// enter goes to a status that has this timer and no other.
func (m *move) enter(status messages.RoomStatus, timers ...Timer) {
	m.Status = status
	m.Timers = Timers(0).With(timers...)
	m.Stable = false
	m.step.Rearm = m.Timers
}

// missed starts the clock of the time that the room is wanted and not joined.
func (m *move) missed() {
	if m.OutSince.IsZero() {
		m.OutSince = m.event.At
	}
}

// goJoined is in the room. Attempt stays: a join proves nothing yet. The server
// counts us in, whatever it said to an earlier join.
func goJoined(m *move) {
	m.enter(messages.RoomJoined, TimerStable)
	m.Created, m.Member, m.Ghost, m.OutSince = false, true, true, time.Time{}
}

// goJoin asks to be let in, if there is a connection to ask on.
func goJoin(status messages.RoomStatus) func(*move) {
	return func(m *move) {
		m.missed()
		switch m.Conn {
		case ConnUp:
			m.enter(status, TimerJoin)
			m.Ghost = true
			m.step.Ask, m.step.Create = AskJoin, m.Created
		case ConnDown:
			m.enter(messages.RoomInterrupted)
		default:
			m.enter(messages.RoomSuspended)
		}
	}
}

// goVerify asks whether we are still in.
func goVerify(m *move) {
	m.enter(messages.RoomVerifying, TimerVerify)
	m.step.Ask = AskVerify
}

// goLeave asks to be let go.
func goLeave(m *move) {
	m.enter(messages.RoomLeaving, TimerLeave)
	m.Want, m.Latch, m.OutSince = false, false, time.Time{}
	m.step.Ask = AskLeave
}

// goEnd ends the room's life until it is joined anew. Nothing of it is left over
// for the next one.
func goEnd(status messages.RoomStatus) func(*move) {
	return func(m *move) {
		m.enter(status)
		m.Want, m.Latch, m.Ghost, m.Created, m.Member = false, false, false, false, false
		m.Attempt, m.LastDelay, m.OutSince = 0, 0, time.Time{}
	}
}

// goDetached ends a leave; or begins a new life, if Join came meanwhile.
func goDetached(m *move) {
	if m.Latch && m.Want {
		m.Latch, m.Member, m.Created = false, false, false
		m.Attempt, m.LastDelay = 0, 0
		goJoin(messages.RoomJoining)(m)
		return
	}
	goEnd(messages.RoomDetached)(m)
}
