package membership

import "github.com/seed14814784/holdfast/messages"

// What the server says by itself.
var news = []Row{
	line(28, of(messages.RoomJoined), Detach, stableRejoins, of(messages.RoomRejoining), messages.ReasonHistoryLost,
		"at once: it was stable", goJoin(messages.RoomRejoining)),
	line(29, of(messages.RoomJoined, messages.RoomVerifying), Detach, staysOut, of(messages.RoomLost), messages.ReasonHistoryLost,
		"only the user joins again", goEnd(messages.RoomLost)),
	line(30, of(messages.RoomJoined, messages.RoomVerifying), Detach, freshRejoins, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonHistoryLost,
		"a server that lets us in and takes us out again must not make a hot loop", goWait),
	line(31, asking, Detach, always, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonHistoryLost,
		"an answer of a kind", goWait),
	line(32, active|of(messages.RoomLeaving), Evicted, always, of(messages.RoomKicked), messages.ReasonKickedFromRoom,
		"final for this room alone", goEnd(messages.RoomKicked)),
	line(33, active, Destroyed, always, of(messages.RoomGone), messages.ReasonDisbanded,
		"there is nothing to come back to", goEnd(messages.RoomGone)),
	line(34, of(messages.RoomLeaving), Destroyed, always, of(messages.RoomDetached), messages.ReasonDisbanded,
		"as good as left", destroyed),
	line(35, of(messages.RoomJoined, messages.RoomVerifying), Revoked, always, of(messages.RoomFailed), messages.ReasonPermissionRevoked,
		"asking again would not help", goEnd(messages.RoomFailed)),
	line(36, of(messages.RoomLeaving), LeaveOK, always, of(messages.RoomDetached, messages.RoomJoining), messages.ReasonUserLeave,
		"or joined again, if Join came meanwhile", left),
	line(37, of(messages.RoomLeaving), LeaveDue, always, of(messages.RoomDetached, messages.RoomJoining), messages.ReasonUserLeave,
		"the wish of this side wins; the server is told once more", leftUnheard),
}

var (
	stableRejoins = when("the policy joins again, and the room was stable", func(m *move) bool { return m.machine.rejoins() && m.Stable })
	freshRejoins  = when("the policy joins again, and the room was not stable", func(m *move) bool { return m.machine.rejoins() && !m.Stable })
)

func destroyed(m *move) {
	m.Latch, m.Want = false, false
	goDetached(m)
}

func left(m *move) {
	m.Ghost = false
	goDetached(m)
}

func leftUnheard(m *move) {
	m.step.Owes = !m.Latch
	m.step.LeaveFirst = m.Latch
	goDetached(m)
}
