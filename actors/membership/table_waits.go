package membership

import "github.com/seed14814784/holdfast/messages"

// The end of a wait.
var waits = []Row{
	line(38, of(messages.RoomWaiting), RetryDue, mayJoin, of(messages.RoomRejoining), messages.ReasonOK,
		"the user's first join goes on whatever the policy is", tryAgain),
	line(39, of(messages.RoomWaiting), RetryDue, mayOnlyAsk, of(messages.RoomVerifying), messages.ReasonVerifyPending,
		"the server decides whether we are in", goVerify),
}

var (
	mayJoin    = when("the policy joins again, or we never were in", func(m *move) bool { return m.machine.rejoins() || !m.Member })
	mayOnlyAsk = when("the policy stays out, and we were in", func(m *move) bool { return !m.machine.rejoins() && m.Member })
)
