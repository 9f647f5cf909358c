package membership

import "github.com/seed14814784/holdfast/messages"

// What becomes of the connection under the room.
var connections = []Row{
	line(40, active, ConnLost, always, of(messages.RoomInterrupted), messages.ReasonInterrupted,
		"T0: the server may not have noticed yet, so nothing is lost so far", interrupted),
	line(41, of(messages.RoomLeaving), ConnLost, always, of(messages.RoomDetached, messages.RoomInterrupted), messages.ReasonInterrupted,
		"left, as far as this side goes; or joined again, if Join came meanwhile", leftOffline),
	line(42, out|offline, ConnLost, always, 0, messages.ReasonOK,
		"nothing was under way", conn(ConnDown)),
	line(43, of(messages.RoomInterrupted), ConnReady, known, of(messages.RoomVerifying), messages.ReasonVerifyPending,
		"T1: a join may have landed, so ask before joining again", back(goVerify)),
	line(44, of(messages.RoomInterrupted), ConnReady, unknown, of(messages.RoomJoining), messages.ReasonOK,
		"the server never heard of the wish", back(goJoin(messages.RoomJoining))),
	line(45, of(messages.RoomSuspended), ConnReady, mayJoin, of(messages.RoomRejoining), messages.ReasonOK,
		"continuity was declared lost: there is nothing to verify", back(goJoin(messages.RoomRejoining))),
	line(46, of(messages.RoomSuspended), ConnReady, mayOnlyAsk, of(messages.RoomVerifying), messages.ReasonVerifyPending,
		"the server decides whether we are in", back(goVerify)),
	line(47, out, ConnReady, always, 0, messages.ReasonOK,
		"what has ended does not come back by itself", conn(ConnUp)),
	line(48, of(messages.RoomInterrupted), ConnSuspended, always, of(messages.RoomSuspended), messages.ReasonConnSuspended,
		"the outage outlived the room's continuity", suspended),
	line(49, out|of(messages.RoomSuspended), ConnSuspended, always, 0, messages.ReasonOK,
		"there is no continuity to lose", conn(ConnLong)),
	line(50, active|offline, ConnDead, always, of(messages.RoomFailed), messages.ReasonConnTerminal,
		"the channel was kicked or has failed", over(goEnd(messages.RoomFailed))),
	line(51, active|offline|of(messages.RoomLeaving), ConnClosed, always, of(messages.RoomDetached), messages.ReasonUserDisconnect,
		"logging out leaves every room", over(goEnd(messages.RoomDetached))),
	line(52, of(messages.RoomLeaving), ConnDead, always, of(messages.RoomDetached), messages.ReasonConnTerminal,
		"as good as left", over(goEnd(messages.RoomDetached))),
	line(53, out, ConnDead, always, 0, messages.ReasonOK,
		"nothing was under way", conn(ConnEnded)),
	line(54, out, ConnClosed, always, 0, messages.ReasonOK,
		"nothing was under way", conn(ConnEnded)),
	line(55, out, ConnReopen, always, 0, messages.ReasonOK,
		"the rooms of a life that has ended are not joined again", conn(ConnDown)),
}

// Whoever was in is asked about even if the server has refused a join since: it
// may take that back, and StayOut must never join by itself.
var (
	known   = when("the server may count us in, or we were in", func(m *move) bool { return m.Ghost || m.Member })
	unknown = when("neither", func(m *move) bool { return !m.Ghost && !m.Member })
)

func conn(c Conn) func(*move) { return func(m *move) { m.Conn = c } }

func over(then func(*move)) func(*move) {
	return func(m *move) {
		m.Conn = ConnEnded
		then(m)
	}
}

func back(then func(*move)) func(*move) {
	return func(m *move) {
		m.Conn = ConnUp
		then(m)
	}
}

func interrupted(m *move) {
	m.Conn = ConnDown
	m.missed()
	m.enter(messages.RoomInterrupted)
}

func suspended(m *move) {
	m.Conn = ConnLong
	m.enter(messages.RoomSuspended)
}

func leftOffline(m *move) {
	m.Conn = ConnDown
	m.step.Owes = !m.Latch
	goDetached(m)
}
