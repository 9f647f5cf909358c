package messages

import "time"

// Commands go to a channel: through its handle, or straight to its PID. A
// channel answers a command that came with a sender: by a [Reply], except where
// the command says otherwise. A command that was not taken is always answered by
// a Reply with an Err; for a channel that was closed it is [ReasonNoSuchChannel].
type (
	// Connect asks the channel to be up. It is idempotent while the channel is
	// connecting or up. In Backoff and Suspended it skips the delay, but not
	// the gate, nor the least interval between two attempts. Kicked is left
	// only with Takeover; without it the Err has the reason of the kick. While
	// the channel is Held the wish is kept, and the Err says what holds it:
	// [ReasonPaused] or [ReasonNetworkDown].
	Connect struct {
		Takeover bool // this side should win over the login that kicked it
	}

	// Disconnect ends the connection. Logout ends the wish to be up as well;
	// KeepRetrying drops the connection and comes back after the usual delay.
	Disconnect struct{ Mode DisconnectMode }

	// Drain refuses new sends, flushes the outbox, says goodbye and closes.
	// What is left after Within (0: the channel's default) gets a failed
	// outcome. The answer comes when the drain has begun, not when it is over.
	Drain struct{ Within time.Duration }

	// Send hands a message to the outbox. The answer is an [Accepted], or a
	// [Reply] with an Err; what became of the message is an [Outcome] event.
	Send struct{ Message Message }

	// Ping sends a heartbeat now. The answer is a [Pong] with the round-trip
	// time, or a [Reply] with an Err: [ReasonNotConnected], also when the
	// connection ends before the answer, or [ReasonNotSupported] if nothing
	// answers the channel's heartbeats.
	Ping struct{}

	// Pause lets go of the connection and holds the channel until Resume.
	Pause struct{}

	// Resume ends a pause.
	Resume struct{}

	// Redial replaces the connection by a fresh one, without counting a
	// failure. Why goes into the reason's detail.
	Redial struct{ Why string }

	// Renew brings a fresh token from outside. A channel with credentials keeps
	// it there, for all channels that share them and for every login to come; the
	// Err is [ReasonInvalidSpec] if it is empty and [ReasonCredExpired] if it has
	// expired. A live connection is presented it: the answer says whether it was
	// sent, an Updated with [ReasonCredentialRenewed] that it was accepted, and
	// the Err is [ReasonNotSupported] if the protocol cannot do that. Without a
	// connection and without credentials it is [ReasonNotConnected].
	Renew struct{ Token Token }

	// NetworkDown is a hint that this machine has lost its network. A working
	// connection is probed, not dropped.
	NetworkDown struct{}

	// NetworkUp takes the hint back.
	NetworkUp struct{}

	// GetStatus is answered by a [Snapshot].
	GetStatus struct{}

	// Join wants a room: now, and again after every interruption. The answer
	// comes when the wish is noted; the room's own events tell the rest. It is
	// idempotent: a room that is wanted already stays as it is, and one that
	// waits for its next attempt is asked for at once. The Err is
	// [ReasonConnTerminal] when the channel has ended or drains, [ReasonNotSupported] if
	// the protocol has no rooms, [ReasonInvalidSpec] for an ID or a policy that
	// will not do, [ReasonConflict] for a room that is wanted with another
	// specification, and [ReasonRoomLimit] beyond the channel's limit.
	Join struct{ Room RoomSpec }

	// Leave wants a room no longer. It is idempotent, and needs no connection:
	// what the server has to be told is told when there is one.
	Leave struct{ Room RoomID }

	// LeaveAll leaves every room.
	LeaveAll struct{}

	// Switch leaves one room and joins another in its place. When that is
	// refused the first one stays left.
	Switch struct {
		From RoomID
		To   RoomSpec
	}

	// GetRooms is answered by a [Rooms].
	GetRooms struct{}
)

// Rooms answers GetRooms: every room that the channel knows, in the order in
// which they were joined.
type Rooms struct{ Rooms []RoomSnapshot }

// DisconnectMode tells what a Disconnect means for the time after it.
type DisconnectMode uint8

const (
	// Logout ends the wish to be up: nothing dials until the next Connect.
	Logout DisconnectMode = iota
	// KeepRetrying drops the connection but keeps the wish to be up.
	KeepRetrying
)

// String returns "Logout" or "KeepRetrying".
func (m DisconnectMode) String() string {
	if m == KeepRetrying {
		return "KeepRetrying"
	}
	return "Logout"
}

// Reply answers a command: Err is nil if the command was taken, else an
// *[Error]. Status is where the channel stands after a command that was taken.
type Reply struct {
	Status Status
	Err    error
}

// Accepted answers a Send that went into the outbox.
type Accepted struct{ ID MessageID }

// The actor system logs the payload of messages that reach nobody, unless they
// say that it must not; payloads and credentials do not belong in logs.

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Connect) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Disconnect) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Drain) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Send) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Ping) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Pause) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Resume) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Redial) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Renew) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (NetworkDown) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (NetworkUp) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (GetStatus) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Join) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Leave) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (LeaveAll) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (Switch) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the command out of dead-letter logs.
func (GetRooms) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (Rooms) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (Reply) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (Accepted) IgnoreDeadLetterLogging() {}
