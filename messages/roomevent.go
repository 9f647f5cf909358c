package messages

import (
	"fmt"
	"time"
)

// RoomChanged tells that a room moved. Prev is the Cur of the room's change
// before, and Cur is never Prev.
//
// Seq rises by one with every RoomChanged of a channel, whichever room it is about:
// who sees all of a channel's sees every number once. Those of one room rise, and
// leave out what happened to others. It has nothing to do with the Seq of a
// StatusChanged, and survives reconnects, crashes and lives of a room.
type RoomChanged struct {
	Channel   ChannelID
	Room      RoomID
	Seq       uint64
	Prev      RoomStatus
	Cur       RoomStatus
	How       JoinHow // how the room was asked for
	Reason    Reason
	Attempt   int           // failures since the room was last stable
	RetryIn   time.Duration // in RoomWaiting: when the next attempt is due
	Recovered bool          // at RoomJoined: nothing was missed
	Gap       bool          // at RoomJoined: something may be missing
	Position  Position      // at RoomJoined: where the room goes on
	Action    Action
	At        time.Time
}

// RoomsSettled tells, once per connection, that every room that was wanted when
// the connection became Ready has had its answer.
type RoomsSettled struct {
	Channel ChannelID
	Epoch   Epoch
	OK      int // joined
	Failed  int // not joined: refused, gone, or waiting to be tried again
	Gap     int // of those that are joined: with something missing
	At      time.Time
}

// RoomSnapshot is everything a room knows about itself at one moment. An
// observer that comes late gets one for every room that the channel knows, after
// the channel's own: then Position is that of the last change, and Waiting is 0.
// What happens to the room from then on has a higher Seq.
type RoomSnapshot struct {
	Channel  ChannelID
	Room     RoomID
	Seq      uint64 // of the room's last RoomChanged
	Status   RoomStatus
	Reason   Reason
	Since    time.Time // when the status was entered
	Attempt  int
	RetryAt  time.Time // in RoomWaiting
	Position Position  // of the last message that was received
	Waiting  int       // messages in the outbox for this room
}

// Subject is the channel the event is about.
func (e RoomChanged) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e RoomsSettled) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (s RoomSnapshot) Subject() ChannelID { return s.Channel }

// String renders the change as one line of a transcript.
func (e RoomChanged) String() string {
	line := fmt.Sprintf("%s/%s %s -> %s", e.Channel, e.Room, e.Prev, e.Cur)
	if e.Reason.Code != ReasonOK {
		line += " reason=" + e.Reason.String()
	}
	if e.Attempt > 0 {
		line += fmt.Sprintf(" attempt=%d", e.Attempt)
	}
	if e.RetryIn > 0 {
		line += fmt.Sprintf(" retry=%s", e.RetryIn.Round(time.Millisecond))
	}
	if e.Recovered {
		line += " recovered"
	}
	if e.Gap {
		line += " gap"
	}
	return line
}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (RoomSnapshot) IgnoreDeadLetterLogging() {}
