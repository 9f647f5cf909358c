package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// ZIMState is ZIM's connection state.
type ZIMState int

// The connection states of ZIM.
const (
	ZIMDisconnected ZIMState = 0
	ZIMConnecting   ZIMState = 1
	ZIMConnected    ZIMState = 2
	ZIMReconnecting ZIMState = 3
)

// ZIMEvent is why ZIM's connection state changed.
type ZIMEvent int

// The connection events of ZIM.
const (
	ZIMSuccess          ZIMEvent = 0
	ZIMActiveLogin      ZIMEvent = 1
	ZIMLoginTimeout     ZIMEvent = 2
	ZIMLoginInterrupted ZIMEvent = 3
	ZIMKickedOut        ZIMEvent = 4
	ZIMTokenExpired     ZIMEvent = 5
	ZIMUnregistered     ZIMEvent = 6
)

// ZIMChange is what ZIM's connectionStateChanged carries.
type ZIMChange struct {
	State ZIMState
	Event ZIMEvent
}

// String renders the change as ZIM's documents do, such as "(3,3)".
func (c ZIMChange) String() string { return fmt.Sprintf("(%d,%d)", c.State, c.Event) }

// ZIM translates into ZIM's connection states and events.
func ZIM() *Translator[ZIMChange] { return translator(zim) }

func zim(m *memory[ZIMChange], change messages.StatusChanged) []ZIMChange {
	switch change.Cur {
	case messages.Ready:
		return []ZIMChange{{ZIMConnected, ZIMSuccess}}
	case messages.Idle, messages.Closed:
		return []ZIMChange{{ZIMDisconnected, ZIMSuccess}}
	case messages.Kicked:
		return []ZIMChange{{ZIMDisconnected, ZIMKickedOut}}
	case messages.Failed:
		return []ZIMChange{{ZIMDisconnected, zimFailure(change.Reason.Code)}}
	case messages.Draining, messages.Closing:
		return nil
	default: // on its way
		if m.ever {
			return []ZIMChange{{ZIMReconnecting, ZIMLoginInterrupted}}
		}
		return []ZIMChange{{ZIMConnecting, ZIMActiveLogin}}
	}
}

func zimFailure(code messages.Code) ZIMEvent {
	switch code {
	case messages.ReasonCredUnavailable, messages.ReasonCredExpired:
		return ZIMTokenExpired
	case messages.ReasonUnregistered:
		return ZIMUnregistered
	default:
		return ZIMLoginTimeout
	}
}
