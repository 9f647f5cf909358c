package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// ZIMRoomState is ZIM's room state.
type ZIMRoomState int

// The room states of ZIM.
const (
	ZIMRoomDisconnected ZIMRoomState = 0
	ZIMRoomConnecting   ZIMRoomState = 1
	ZIMRoomConnected    ZIMRoomState = 2
)

// ZIMRoomEvent is why ZIM's room state changed.
type ZIMRoomEvent int

// The room events of ZIM.
const (
	ZIMRoomSuccess                ZIMRoomEvent = 0
	ZIMRoomNetworkInterrupted     ZIMRoomEvent = 1
	ZIMRoomNetworkDisconnected    ZIMRoomEvent = 2
	ZIMRoomNotExist               ZIMRoomEvent = 3
	ZIMRoomActiveCreate           ZIMRoomEvent = 4
	ZIMRoomCreateFailed           ZIMRoomEvent = 5
	ZIMRoomActiveEnter            ZIMRoomEvent = 6
	ZIMRoomEnterFailed            ZIMRoomEvent = 7
	ZIMRoomKickedOut              ZIMRoomEvent = 8
	ZIMRoomConnectTimeout         ZIMRoomEvent = 9
	ZIMRoomKickedOutByOtherDevice ZIMRoomEvent = 10
	ZIMRoomActiveSwitch           ZIMRoomEvent = 11
	ZIMRoomSwitchFailed           ZIMRoomEvent = 12
)

// ZIMRoomChange is what ZIM's roomStateChanged carries.
type ZIMRoomChange struct {
	State ZIMRoomState
	Event ZIMRoomEvent
}

// String renders the change as ZIM's documents do, such as "(1,1)".
func (c ZIMRoomChange) String() string { return fmt.Sprintf("(%d,%d)", c.State, c.Event) }

// ZIMRoom translates into ZIM's room states and events. The word of T0, (1,1),
// is said again at T1, when the connection is back and the server is asked
// whether we are still in.
func ZIMRoom() *RoomTranslator[ZIMRoomChange] { return roomTranslator(zimRoom) }

var (
	zimEntering = map[messages.JoinHow]ZIMRoomEvent{
		messages.HowJoin:   ZIMRoomActiveEnter,
		messages.HowCreate: ZIMRoomActiveCreate,
		messages.HowEnter:  ZIMRoomActiveEnter,
		messages.HowSwitch: ZIMRoomActiveSwitch,
	}
	zimRefused = map[messages.JoinHow]ZIMRoomEvent{
		messages.HowJoin:   ZIMRoomEnterFailed,
		messages.HowCreate: ZIMRoomCreateFailed,
		messages.HowEnter:  ZIMRoomEnterFailed,
		messages.HowSwitch: ZIMRoomSwitchFailed,
	}
)

func zimRoom(m *roomMemory[ZIMRoomChange], change messages.RoomChanged) []ZIMRoomChange {
	if event, ok := zimRoomEnd(change); ok {
		if m.queued && change.Cur == messages.RoomDetached {
			return nil // nobody heard of the wish
		}
		return []ZIMRoomChange{{ZIMRoomDisconnected, event}}
	}
	entering := []ZIMRoomChange{{ZIMRoomConnecting, zimEntering[change.How]}}
	away := []ZIMRoomChange{{ZIMRoomConnecting, ZIMRoomNetworkInterrupted}}
	switch change.Cur {
	case messages.RoomJoined:
		return []ZIMRoomChange{{ZIMRoomConnected, ZIMRoomSuccess}}
	case messages.RoomJoining:
		return entering
	case messages.RoomLeaving:
		return nil
	case messages.RoomInterrupted: // T0
		if m.queued {
			return nil
		}
		return away
	case messages.RoomVerifying:
		if change.Prev == messages.RoomInterrupted || change.Prev == messages.RoomSuspended {
			m.repeat() // T1
		}
		return away
	case messages.RoomRejoining:
		if m.queued {
			return entering
		}
	case messages.RoomSuspended:
		if m.queued {
			return nil
		}
	default: // waiting
	}
	if m.said && m.last.State == ZIMRoomConnecting {
		return nil // unchanged
	}
	return away
}

// zimRoomEnd is the event of a status that stays.
func zimRoomEnd(change messages.RoomChanged) (event ZIMRoomEvent, ended bool) {
	switch change.Cur {
	case messages.RoomDetached:
		return ZIMRoomSuccess, true
	case messages.RoomLost:
		return ZIMRoomConnectTimeout, true
	case messages.RoomGone:
		return ZIMRoomNotExist, true
	case messages.RoomKicked:
		if change.Reason.Code == messages.ReasonKickedByOtherDevice {
			return ZIMRoomKickedOutByOtherDevice, true
		}
		return ZIMRoomKickedOut, true
	case messages.RoomFailed:
		switch change.Reason.Code {
		case messages.ReasonConnTerminal:
			return ZIMRoomNetworkDisconnected, true
		case messages.ReasonPermissionRevoked:
			return ZIMRoomKickedOut, true
		}
		return zimRefused[change.How], true
	default:
		return 0, false
	}
}
