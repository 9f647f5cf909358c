package membership

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Kind names what happened to a room.
type Kind uint8

// The events of the table. Those that tell of a timer are named after it.
const (
	Join Kind = iota
	Leave
	JoinOK
	JoinNotExist
	JoinDenied
	JoinRetry
	StillIn
	NotIn
	NoRoom
	Detach
	Evicted
	Destroyed
	Revoked
	LeaveOK
	ConnLost
	ConnReady
	ConnSuspended
	ConnDead
	ConnClosed
	ConnReopen
	JoinDue
	StableDue
	VerifyDue
	RetryDue
	LeaveDue
	kindCount
)

var kindNames = [kindCount]string{
	Join: "Join", Leave: "Leave", JoinOK: "JoinOK", JoinNotExist: "JoinNotExist", JoinDenied: "JoinDenied",
	JoinRetry: "JoinRetry", StillIn: "StillIn", NotIn: "NotIn", NoRoom: "NoRoom", Detach: "Detach",
	Evicted: "Evicted", Destroyed: "Destroyed", Revoked: "Revoked", LeaveOK: "LeaveOK", ConnLost: "ConnLost",
	ConnReady: "ConnReady", ConnSuspended: "ConnSuspended", ConnDead: "ConnDead", ConnClosed: "ConnClosed",
	ConnReopen: "ConnReopen", JoinDue: "T:join", StableDue: "T:rstable", VerifyDue: "T:verify",
	RetryDue: "T:retry", LeaveDue: "T:leave",
}

// String returns the kind's name, such as "JoinOK"; that of a timer's event is
// the timer's with a T before it, such as "T:retry".
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Kinds lists every kind of event.
func Kinds() []Kind {
	all := make([]Kind, kindCount)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Event is one thing that happened to a room.
type Event struct {
	Channel messages.ChannelID // whose it is, for the strategy
	Kind    Kind
	Reason  messages.Reason // why; the row's own reason if it is zero
	At      time.Time       // when
}

// Ask is what the driver has to ask the server.
type Ask uint8

// The questions.
const (
	AskNothing Ask = iota
	AskJoin
	AskVerify
	AskLeave
)

var askNames = [...]string{"nothing", "join", "verify", "leave"}

// String returns the question's name.
func (a Ask) String() string {
	if int(a) < len(askNames) {
		return askNames[a]
	}
	return fmt.Sprintf("Ask(%d)", uint8(a))
}

// Step is what a transition asks its driver to do, beyond arming and cancelling
// the timers in which the two states differ.
type Step struct {
	Row        *Row            // the row that was taken; it belongs to the table
	Reason     messages.Reason // the event's reason, or the row's, or why the room gave up
	Delay      time.Duration   // in Waiting: how long TimerRetry runs
	Rearm      Timers          // timers to start anew although they were armed before
	Ask        Ask             // ask the server; a question that is unanswered is void
	Create     bool            // the join makes the room if it is not there
	LeaveFirst bool            // the server may count us in from a join before: leave before the join
	Owes       bool            // the server may count us in: leave, now or at the next contact
	Counted    bool            // a failure was counted
}
