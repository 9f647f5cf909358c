package actors

import (
	"cmp"
	"slices"
	"time"

	"github.com/seed14814784/holdfast/actors/membership"
	"github.com/seed14814784/holdfast/messages"
)

// apply takes one step of a room and runs its effects, in an order that matters:
// what the old status had under way is void before anything new begins, and
// observers learn that a room is joined before its handler is given anything.
func (a *rooms) apply(r *room, event membership.Event) {
	event.Channel, event.At = a.Channel, time.Now()
	prev := r.state
	if left := event.Kind == membership.LeaveOK || event.Kind == membership.LeaveDue; left && event.Reason.IsZero() {
		event.Reason = r.reason // why it was left: by the user, for another room, in a drain
	}
	event.Reason = messages.Token{Secret: r.secret}.Hide(event.Reason)
	next, step, ok := r.machine.Step(prev, event)
	if !ok {
		a.stale.Add(1)
		return
	}
	r.state = next
	moved := next.Status != prev.Status
	if moved || step.Ask != membership.AskNothing {
		a.drop(r)
	}
	a.rearm(r, prev, step)
	switch {
	case !step.Owes:
	case a.roster.conn == membership.ConnUp && prev.Status != messages.RoomLeaving:
		a.pay(r.id) // it was not told yet, and can be
	default:
		a.owe(r.id)
	}
	if step.Ask != membership.AskNothing {
		r.create, r.leave, r.haunted = step.Create, step.LeaveFirst || a.paysOff(r.id, step.Ask), prev.Ghost
		a.inquire(r, step.Ask)
	}
	if moved {
		a.moved(r, prev, step, event.At)
	}
}

// each steps every room, in the order in which they were joined.
func (a *rooms) each(event membership.Event) {
	for _, r := range a.inOrder() {
		a.apply(r, event)
	}
}

func (a *rooms) inOrder() []*room {
	all := make([]*room, 0, len(a.roster.rooms))
	for _, r := range a.roster.rooms {
		all = append(all, r)
	}
	slices.SortFunc(all, func(x, y *room) int { return cmp.Compare(x.order, y.order) })
	return all
}

// moved does what entering a status asks for, and tells observers.
func (a *rooms) moved(r *room, prev membership.State, step membership.Step, at time.Time) {
	r.reason, r.since, r.retryAt = step.Reason, at, time.Time{}
	if step.Delay > 0 {
		r.retryAt = at.Add(step.Delay)
	}
	if prev.Status == messages.RoomJoined {
		r.renewAt = time.Time{}
		a.alarms.fix(r)
	}
	if r.state.Status != messages.RoomJoined {
		r.close() // an answer that still comes is to a question that is void
	}
	switch {
	case r.state.Status == messages.RoomLeaving:
		a.outbox.leaveRoom(r.id, r.endReason(messages.ReasonNotInRoom))
		a.progress() // a drain may have waited for what was given up
	case r.state.Status.Ended():
		r.conclude()
		a.outbox.dropRoom(r.id, r.endReason(messages.ReasonNotInRoom))
		a.progress()
	case prev.Status == messages.RoomJoined:
		a.outbox.closeRoom(r.id)
	}
	a.tell(r, prev, step, at)
	switch r.state.Status {
	case messages.RoomJoined:
		a.open(r, step)
	case messages.RoomLeaving:
		r.forget() // joined again before it is left, it begins with what comes
	default:
	}
	a.roster.settles.note(a, r)
	if r.state.Status == messages.RoomDetached {
		delete(a.roster.rooms, r.id)
		a.lanes.remove(r.id)
	}
}

// endReason is a reason that says what became of a room.
func (r *room) endReason(code messages.Code) messages.Reason {
	return messages.Reason{Code: code, Wire: r.reason.Wire, Detail: "the room is " + r.state.Status.String() + " because of " + r.reason.String()}
}

// tell publishes a step to observers.
func (a *rooms) tell(r *room, prev membership.State, step membership.Step, at time.Time) {
	a.roster.seq++
	portrait := r.portrait(a.Channel, a.roster.seq)
	change := messages.RoomChanged{
		Channel: a.Channel, Room: r.id, Seq: a.roster.seq, Prev: prev.Status, Cur: r.state.Status,
		How: r.lane.spec.How, Reason: step.Reason, Attempt: r.state.Attempt, RetryIn: step.Delay,
		Action: step.Reason.Action(), At: at,
	}
	if change.Cur == messages.RoomJoined {
		change.Gap, change.Position = r.gap, r.aim()
		change.Recovered = step.Reason.Code == messages.ReasonRecovered
	}
	a.Observer.Publish(change, func() { r.snapshot.Store(portrait) })
}

// open lets messages flow, in and out.
func (a *rooms) open(r *room, step membership.Step) {
	var lost *messages.Gap
	if r.gap {
		lost = &messages.Gap{Channel: a.Channel, Room: r.id, After: r.from, Reason: step.Reason}
	}
	a.Record.open(r.lane, lost)
	a.outbox.openRoom(r.id)
	a.nudge()
}

// rearm brings a room's deadline in line with its timer. The time for an answer
// begins when the question has left: see ask.
func (a *rooms) rearm(r *room, prev membership.State, step membership.Step) {
	if r.state.Timers == prev.Timers && step.Rearm == 0 && step.Ask == membership.AskNothing {
		return
	}
	switch {
	case r.state.Timers.Has(membership.TimerRetry):
		a.at(r, time.Now().Add(step.Delay))
	case r.state.Timers.Has(membership.TimerStable):
		a.at(r, time.Now().Add(max(a.Settings.Rooms.StableAfter, r.state.LastDelay)))
	default:
		a.at(r, time.Time{})
	}
}

// connected applies what became of the connection.
func (a *rooms) connected(m *connChanged) {
	a.roster.line = m.line
	a.roster.conn = connOf[m.kind]
	a.roster.leaving = false // with the connection the drain is over
	if m.kind == membership.ConnReady {
		a.payDebts()
		a.roster.settles = settles{epoch: m.line.epoch}
		for _, r := range a.roster.rooms {
			if r.settling = r.state.Want; r.settling {
				a.roster.settles.pending++
			}
		}
	}
	if m.kind == membership.ConnDead || m.kind == membership.ConnClosed {
		a.roster.debts = nil // the server has forgotten the login
	}
	a.each(membership.Event{Kind: m.kind, Reason: m.reason})
	if m.kind != membership.ConnReady {
		a.roster.settles = settles{}
	}
}

var connOf = map[membership.Kind]membership.Conn{
	membership.ConnReady:     membership.ConnUp,
	membership.ConnLost:      membership.ConnDown,
	membership.ConnSuspended: membership.ConnLong,
	membership.ConnDead:      membership.ConnEnded,
	membership.ConnClosed:    membership.ConnEnded,
	membership.ConnReopen:    membership.ConnDown,
}

// settles counts the rooms that have not had their answer since the connection
// became Ready.
type settles struct {
	epoch   messages.Epoch
	pending int
	ok      int
	failed  int
	gap     int
}

// note looks at where a room has come to.
func (s *settles) note(a *rooms, r *room) {
	if !r.settling {
		return
	}
	switch r.state.Status {
	case messages.RoomJoined:
		s.ok++
		if r.gap {
			s.gap++
		}
	case messages.RoomWaiting, messages.RoomLost, messages.RoomGone, messages.RoomKicked, messages.RoomFailed:
		s.failed++
	case messages.RoomLeaving, messages.RoomDetached: // not wanted any more
	default:
		return // on its way
	}
	r.settling = false
	if s.pending--; s.pending == 0 && a.roster.conn == membership.ConnUp {
		a.Observer.Publish(messages.RoomsSettled{
			Channel: a.Channel, Epoch: s.epoch, OK: s.ok, Failed: s.failed, Gap: s.gap, At: time.Now(),
		}, nil)
	}
}
