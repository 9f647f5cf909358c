package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// CentrifugoState is a client state of Centrifugo's SDKs.
type CentrifugoState string

// The client states of Centrifugo's SDKs.
const (
	CentrifugoDisconnected CentrifugoState = "disconnected"
	CentrifugoConnecting   CentrifugoState = "connecting"
	CentrifugoConnected    CentrifugoState = "connected"
)

// The disconnect codes that our own endings are told as.
const (
	CentrifugoInvalidToken     = 3500
	CentrifugoForceNoReconnect = 3503
)

// CentrifugoChange is a client state with the code of a final disconnect.
type CentrifugoChange struct {
	State CentrifugoState
	Code  int // in disconnected: the server's own code, or the nearest; 0 if we ended it
}

// String renders the change, such as "disconnected(3503)".
func (c CentrifugoChange) String() string {
	if c.Code == 0 {
		return string(c.State)
	}
	return fmt.Sprintf("%s(%d)", c.State, c.Code)
}

// Centrifugo translates into the client states of Centrifugo's SDKs.
func Centrifugo() *Translator[CentrifugoChange] { return translator(centrifugo) }

func centrifugo(_ *memory[CentrifugoChange], change messages.StatusChanged) []CentrifugoChange {
	switch change.Cur {
	case messages.Ready:
		return []CentrifugoChange{{State: CentrifugoConnected}}
	case messages.Idle, messages.Closed:
		return []CentrifugoChange{{State: CentrifugoDisconnected}}
	case messages.Kicked, messages.Failed:
		return []CentrifugoChange{{CentrifugoDisconnected, centrifugoCode(change)}}
	case messages.Draining, messages.Closing:
		return nil
	case messages.Held:
		if paused(change) {
			return []CentrifugoChange{{State: CentrifugoDisconnected}}
		}
		return []CentrifugoChange{{State: CentrifugoConnecting}}
	default: // on its way
		return []CentrifugoChange{{State: CentrifugoConnecting}}
	}
}

func centrifugoCode(change messages.StatusChanged) int {
	if code := change.Reason.Wire.Code; code >= 3500 && code < 5000 {
		return code // the server's own word
	}
	switch {
	case change.Cur == messages.Kicked:
		return CentrifugoForceNoReconnect
	case change.Reason.Code == messages.ReasonCredUnavailable, change.Reason.Code == messages.ReasonCredExpired:
		return CentrifugoInvalidToken
	}
	return 0
}
