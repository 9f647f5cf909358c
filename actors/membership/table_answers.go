package membership

import "github.com/seed14814784/holdfast/messages"

// What the server answers to a join or a verify.
var answers = []Row{
	line(13, asking, JoinOK, always, of(messages.RoomJoined), messages.ReasonJoined,
		"the counter is not reset: a join proves nothing yet", goJoined),
	line(14, of(messages.RoomJoined), StableDue, always, 0, messages.ReasonOK,
		"the only success that resets the counter", proveStable),
	line(15, asking, JoinNotExist, mayCreate, 0, messages.ReasonRoomNotExist,
		"asks again, to create it", create),
	line(16, asking, JoinNotExist, created, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonRoomNotExist,
		"it was created and is not there: the server disagrees with itself, so wait", disagreed),
	line(17, asking, JoinNotExist, mayNotCreate, of(messages.RoomGone), messages.ReasonRoomNotExist,
		"only the user can decide what now", goEnd(messages.RoomGone)),
	line(18, asking, JoinDenied, always, of(messages.RoomFailed), messages.ReasonJoinRejected,
		"asking again would not help", goEnd(messages.RoomFailed)),
	line(19, asking, JoinRetry, always, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonJoinRejected,
		"a refusal: the server does not count us in", refused),
	line(20, asking, JoinDue, always, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonJoinTimeout,
		"it may have landed, so it is undone before the next", goWait),
	line(21, of(messages.RoomVerifying), StillIn, always, of(messages.RoomJoined), messages.ReasonRecovered,
		"T2: we never were out", goJoined),
	line(22, of(messages.RoomVerifying), NotIn, rejoins, of(messages.RoomRejoining), messages.ReasonRoomHeartbeatTimeout,
		"the policy joins again", goJoin(messages.RoomRejoining)),
	line(23, of(messages.RoomVerifying), NotIn, staysOut, of(messages.RoomLost), messages.ReasonRoomHeartbeatTimeout,
		"T2: the server took us out while we were away", goEnd(messages.RoomLost)),
	line(24, of(messages.RoomVerifying), NoRoom, recreates, of(messages.RoomRejoining), messages.ReasonRoomNotExist,
		"the policy creates it again", recreate),
	line(25, of(messages.RoomVerifying), NoRoom, doesNotRecreate, of(messages.RoomGone), messages.ReasonRoomNotExist,
		"T2: the room is gone", goEnd(messages.RoomGone)),
	line(26, of(messages.RoomVerifying), VerifyDue, rejoins, of(messages.RoomRejoining), messages.ReasonJoinTimeout,
		"no answer is as good as none: the join will tell", goJoin(messages.RoomRejoining)),
	line(27, of(messages.RoomVerifying), VerifyDue, staysOut, of(messages.RoomWaiting, messages.RoomFailed), messages.ReasonJoinTimeout,
		"asks again later, and never joins by itself", goWait),
}

var (
	mayCreate       = when("it may be created, and was not yet in this cycle", func(m *move) bool { return m.machine.creates() && !m.Created })
	created         = when("it was created in this cycle", func(m *move) bool { return m.machine.creates() && m.Created })
	mayNotCreate    = when("it may not be created", func(m *move) bool { return !m.machine.creates() })
	rejoins         = when("the policy joins again", func(m *move) bool { return m.machine.rejoins() })
	staysOut        = when("the policy stays out", func(m *move) bool { return !m.machine.rejoins() })
	recreates       = when("the policy joins again and creates", func(m *move) bool { return m.machine.rejoins() && m.machine.creates() })
	doesNotRecreate = when("the policy does not", func(m *move) bool { return !m.machine.rejoins() || !m.machine.creates() })
)

func proveStable(m *move) {
	m.Stable, m.Attempt, m.LastDelay = true, 0, 0
	m.Timers = 0
}

// create asks for the same again, with a deadline of its own.
func create(m *move) {
	m.Created = true
	goJoin(m.Status)(m)
}

// recreate goes straight to creating: that the room is not there was said.
func recreate(m *move) {
	m.Created = true
	goJoin(messages.RoomRejoining)(m)
}

func disagreed(m *move) {
	m.Ghost, m.Created = false, false
	goWait(m)
}

func refused(m *move) {
	m.Ghost = false
	goWait(m)
}
