package messages

import "fmt"

// RoomID names a room within its channel.
type RoomID string

// RoomStatus is where a room stands. The numbers are stable.
type RoomStatus uint8

// The thirteen statuses of a room.
const (
	RoomDetached    RoomStatus = iota // not joined, and not wanted
	RoomJoining                       // the join was asked for, its answer is awaited
	RoomJoined                        // we are in: messages flow both ways
	RoomInterrupted                   // T0: the connection under the room is not there
	RoomVerifying                     // T1: the server is asked whether we are still in
	RoomRejoining                     // asked to be let in again
	RoomWaiting                       // waiting a delay after a join that was not granted
	RoomSuspended                     // the outage is long: continuity is lost
	RoomLeaving                       // the leave was asked for, its answer is awaited
	RoomLost                          // T2: the server took us out while we were away
	RoomGone                          // T2: there is no such room any more
	RoomKicked                        // somebody removed us
	RoomFailed                        // refused, or out of retries, or the channel has ended
)

var roomStatusNames = [...]string{
	RoomDetached: "Detached", RoomJoining: "Joining", RoomJoined: "Joined",
	RoomInterrupted: "Interrupted", RoomVerifying: "Verifying", RoomRejoining: "Rejoining",
	RoomWaiting: "Waiting", RoomSuspended: "Suspended", RoomLeaving: "Leaving",
	RoomLost: "Lost", RoomGone: "Gone", RoomKicked: "Kicked", RoomFailed: "Failed",
}

// RoomStatuses lists every status of a room in the order of their numbers.
func RoomStatuses() []RoomStatus {
	all := make([]RoomStatus, len(roomStatusNames))
	for i := range all {
		all[i] = RoomStatus(i)
	}
	return all
}

// String returns the status's name, such as "Joined".
func (s RoomStatus) String() string {
	if int(s) < len(roomStatusNames) {
		return roomStatusNames[s]
	}
	return fmt.Sprintf("RoomStatus(%d)", uint8(s))
}

// Ended reports whether the room stays as it is until it is joined anew.
func (s RoomStatus) Ended() bool {
	switch s {
	case RoomDetached, RoomLost, RoomGone, RoomKicked, RoomFailed:
		return true
	default:
		return false
	}
}

// Position is a place in a room's history: where to go on after an
// interruption. The zero Position is none.
type Position struct {
	Epoch  string // of the history: offsets of another one mean nothing
	Offset uint64 // of the last message that was received
}

// IsZero reports whether there is no position.
func (p Position) IsZero() bool { return p == Position{} }

// JoinHow is how a room is entered the first time.
type JoinHow uint8

// The ways into a room. Protocols that do not tell them apart join.
const (
	HowJoin   JoinHow = iota // the room should be there
	HowCreate                // make the room, then be in it
	HowEnter                 // be in it, make it if it is not there
	HowSwitch                // instead of another room
)

// String returns "join", "create", "enter" or "switch".
func (h JoinHow) String() string {
	switch h {
	case HowCreate:
		return "create"
	case HowEnter:
		return "enter"
	case HowSwitch:
		return "switch"
	default:
		return "join"
	}
}

// RoomPolicy is what happens to a room by itself. Its zero value joins again
// after every interruption, never creates a room, and accepts gaps.
type RoomPolicy struct {
	Rejoin  RejoinPolicy
	Missing MissingPolicy
	OnGap   GapPolicy

	// MaxRetries is how many joins in a row may go unanswered or be put off
	// before the room is Failed; 0: for ever.
	MaxRetries int
}

// RejoinPolicy says what happens when the server took us out of a room while we
// were away.
type RejoinPolicy uint8

const (
	// AutoRejoin joins again.
	AutoRejoin RejoinPolicy = iota
	// StayOut leaves the room Lost, until it is joined by hand.
	StayOut
)

// MissingPolicy says what happens when a room does not exist.
type MissingPolicy uint8

const (
	// AcceptMissing leaves the room Gone.
	AcceptMissing MissingPolicy = iota
	// CreateIfMissing creates it.
	CreateIfMissing
)

// GapPolicy says what happens when a room's history cannot be continued.
type GapPolicy uint8

const (
	// AcceptGap goes on, and says so in the event.
	AcceptGap GapPolicy = iota
	// CallOnGap calls the room's Gap function before the first message after
	// the gap.
	CallOnGap
	// FailOnGap leaves the room and ends it as Failed.
	FailOnGap
)

// RoomSpec says what a room is. It is data; only ID is needed.
type RoomSpec struct {
	ID     RoomID
	How    JoinHow
	Policy RoomPolicy

	// Position is where to go on in the room's history, if it is known from an
	// earlier life. The zero Position begins with what comes; but a room that had
	// ended and was not left goes on where it stopped.
	Position Position

	// Priority orders the joins after a reconnect: the highest first, equals in
	// the order in which they were joined.
	Priority int

	// Handler is given the room's messages, in order; nil: the channel's own
	// handler gets them. It takes turns with the channel's and with those of
	// other rooms.
	Handler func(Received)

	// Gap is called, in its turn among the room's messages, when history is
	// missing and the policy is CallOnGap: the place to load it from elsewhere.
	Gap func(Gap)

	// Token fetches the credentials that the room alone needs; nil: none. It may
	// block, and is called in a goroutine of its own.
	Token RoomTokenFunc
}

// Gap tells what is missing in a room.
type Gap struct {
	Channel ChannelID
	Room    RoomID
	After   Position // the last that was received; zero if nothing was
	Before  Position // where the room goes on
	Reason  Reason
}
