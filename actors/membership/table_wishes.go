package membership

import "github.com/seed14814784/holdfast/messages"

// What a user can ask for.
var wishes = []Row{
	line(1, out, Join, connUp, of(messages.RoomJoining), messages.ReasonOK,
		"counters start at zero", want),
	line(2, out, Join, connAway, offline, messages.ReasonOK,
		"the wish is noted; nothing can be asked yet", want),
	line(3, out, Join, connEnded, 0, messages.ReasonConnTerminal,
		"the channel has to be connected first", stay),
	line(4, asking|offline|of(messages.RoomJoined, messages.RoomVerifying), Join, always, 0, messages.ReasonAlreadyInRoom,
		"never a second join in flight", stay),
	line(5, of(messages.RoomWaiting), Join, always, of(messages.RoomRejoining), messages.ReasonOK,
		"the user asked: the delay is skipped, the count is kept", tryAgain),
	line(6, of(messages.RoomLeaving), Join, always, 0, messages.ReasonOK,
		"joined again when the leave is answered, not before", latch),
	line(7, asking|of(messages.RoomJoined, messages.RoomVerifying), Leave, always, of(messages.RoomLeaving), messages.ReasonUserLeave,
		"with a deadline", goLeave),
	line(8, of(messages.RoomWaiting), Leave, ghost, of(messages.RoomLeaving), messages.ReasonUserLeave,
		"a join may have landed: the server is told", goLeave),
	line(9, of(messages.RoomWaiting), Leave, noGhost, of(messages.RoomDetached), messages.ReasonUserLeave,
		"the server does not know of us", forget),
	line(10, offline, Leave, always, of(messages.RoomDetached), messages.ReasonUserLeave,
		"not joined again at the next contact; the leave is told there, if the server may count us in", forgetOffline),
	line(11, of(messages.RoomLeaving), Leave, always, 0, messages.ReasonUserLeave,
		"the last command wins: nothing joins again", unlatch),
	line(12, out, Leave, always, of(messages.RoomDetached), messages.ReasonNotInRoom,
		"leaving twice is no error; what had ended forgets how", forget),
}

var (
	connUp    = when("the connection is there", func(m *move) bool { return m.Conn == ConnUp })
	connAway  = when("the connection may come back", func(m *move) bool { return m.Conn == ConnDown || m.Conn == ConnLong })
	connEnded = when("the channel has ended", func(m *move) bool { return m.Conn == ConnEnded })
	ghost     = when("the server may count us in", func(m *move) bool { return m.Ghost })
	noGhost   = when("the server does not count us in", func(m *move) bool { return !m.Ghost })
)

func want(m *move) {
	m.Want, m.Attempt, m.LastDelay = true, 0, 0
	goJoin(messages.RoomJoining)(m)
}

// tryAgain asks again after a wait. If the join before may have landed after all,
// it is undone first, or the server would count us in twice.
func tryAgain(m *move) {
	m.step.LeaveFirst = m.Ghost
	goJoin(messages.RoomRejoining)(m)
}

func latch(m *move) { m.Latch, m.Want = true, true }

func unlatch(m *move) { m.Latch, m.Want = false, false }

func forget(m *move) {
	m.Want = false
	goDetached(m)
}

func forgetOffline(m *move) {
	m.step.Owes = m.Ghost
	forget(m)
}
