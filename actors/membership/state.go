package membership

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

// State is everything the table may look at. It is a value: stepping returns a
// new one. Its zero value is a room that nobody asked for.
type State struct {
	Status messages.RoomStatus
	Want   bool // the user wants to be in
	Conn   Conn // how the connection under the room stands

	Attempt   int           // consecutive counted failures
	Ghost     bool          // a join may have reached the server: it may count us in
	Latch     bool          // Join came while Leaving
	Stable    bool          // Joined for long enough
	Member    bool          // has been Joined since the user's Join
	Created   bool          // creating was tried already in this cycle
	OutSince  time.Time     // since when the room is wanted and not Joined; zero if it is not so
	LastDelay time.Duration // the delay chosen last
	Timers    Timers        // exactly the timers that are armed
}

// Conn is how the connection under a room stands.
type Conn uint8

// The four ways.
const (
	ConnDown  Conn = iota // it is not there, and may be again
	ConnUp                // it is Ready
	ConnLong              // it is not there for so long that continuity is lost
	ConnEnded             // the channel has ended
)

var connNames = [...]string{"down", "up", "long down", "ended"}

// String says it in words.
func (c Conn) String() string {
	if int(c) < len(connNames) {
		return connNames[c]
	}
	return fmt.Sprintf("Conn(%d)", uint8(c))
}

// Timer names one timer of a room.
type Timer uint8

// The timers. A room has at most one at a time.
const (
	TimerJoin Timer = iota
	TimerStable
	TimerVerify
	TimerRetry
	TimerLeave
	TimerCount
)

var timerNames = [TimerCount]string{"join", "rstable", "verify", "retry", "leave"}

// String returns the timer's name, such as "retry".
func (t Timer) String() string {
	if t < TimerCount {
		return timerNames[t]
	}
	return fmt.Sprintf("Timer(%d)", uint8(t))
}

// Timers is a set of timers.
type Timers = table.Set[Timer]
