package vocabulary

import "github.com/seed14814784/holdfast/messages"

// AblyChannelState is a channel state of Ably: what is a room here.
type AblyChannelState string

// The channel states of Ably. A channel is INITIALIZED before anything is said
// about it.
const (
	AblyChannelInitialized AblyChannelState = "INITIALIZED"
	AblyChannelAttaching   AblyChannelState = "ATTACHING"
	AblyChannelAttached    AblyChannelState = "ATTACHED"
	AblyChannelDetaching   AblyChannelState = "DETACHING"
	AblyChannelDetached    AblyChannelState = "DETACHED"
	AblyChannelSuspended   AblyChannelState = "SUSPENDED"
	AblyChannelFailed      AblyChannelState = "FAILED"
)

// AblyChannelChange is what Ably's ChannelStateChange carries, as far as it can
// be known.
type AblyChannelChange struct {
	State   AblyChannelState
	Resumed bool // in ATTACHED: nothing was missed
}

// String renders the change, such as "ATTACHED resumed".
func (c AblyChannelChange) String() string {
	if c.Resumed {
		return string(c.State) + " resumed"
	}
	return string(c.State)
}

// AblyChannel translates into the channel states of Ably. A lost connection says
// nothing about its channels until it is back or the outage is long (RTL3).
func AblyChannel() *RoomTranslator[AblyChannelChange] { return roomTranslator(ablyChannel) }

var ablyChannelStates = map[messages.RoomStatus]AblyChannelState{
	messages.RoomDetached:    AblyChannelDetached,
	messages.RoomJoining:     AblyChannelAttaching,
	messages.RoomJoined:      AblyChannelAttached,
	messages.RoomInterrupted: AblyChannelAttaching, // if it is new: see ablyChannel
	messages.RoomVerifying:   AblyChannelAttaching,
	messages.RoomRejoining:   AblyChannelAttaching,
	messages.RoomWaiting:     AblyChannelSuspended,
	messages.RoomSuspended:   AblyChannelSuspended,
	messages.RoomLeaving:     AblyChannelDetaching,
	messages.RoomLost:        AblyChannelDetached,
	messages.RoomGone:        AblyChannelFailed,
	messages.RoomKicked:      AblyChannelFailed,
	messages.RoomFailed:      AblyChannelFailed,
}

func ablyChannel(m *roomMemory[AblyChannelChange], change messages.RoomChanged) []AblyChannelChange {
	if change.Cur == messages.RoomInterrupted && !m.queued {
		return nil // RTL3e
	}
	state := ablyChannelStates[change.Cur]
	if m.said && m.last.State == state {
		return nil // RTL2g
	}
	return []AblyChannelChange{{state, change.Cur == messages.RoomJoined && change.Recovered}}
}
