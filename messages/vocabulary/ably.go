package vocabulary

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// AblyState is a connection state of Ably.
type AblyState string

// The connection states of Ably.
const (
	AblyInitialized  AblyState = "INITIALIZED"
	AblyConnecting   AblyState = "CONNECTING"
	AblyConnected    AblyState = "CONNECTED"
	AblyDisconnected AblyState = "DISCONNECTED"
	AblySuspended    AblyState = "SUSPENDED"
	AblyClosing      AblyState = "CLOSING"
	AblyClosed       AblyState = "CLOSED"
	AblyFailed       AblyState = "FAILED"
)

// AblyChange is what Ably's ConnectionStateChange carries, as far as it can be
// known.
type AblyChange struct {
	State   AblyState
	RetryIn time.Duration
}

// String renders the change, such as "DISCONNECTED retryIn=2s".
func (c AblyChange) String() string {
	if c.RetryIn == 0 {
		return string(c.State)
	}
	return string(c.State) + " retryIn=" + c.RetryIn.String()
}

// Ably translates into the connection states of Ably.
func Ably() *Translator[AblyChange] { return translator(ably) }

var ablyStates = map[messages.Status]AblyState{
	messages.Idle:           AblyInitialized,
	messages.Queued:         AblyConnecting,
	messages.Preparing:      AblyConnecting,
	messages.Dialing:        AblyConnecting,
	messages.Authenticating: AblyConnecting,
	messages.Syncing:        AblyConnecting,
	messages.Ready:          AblyConnected,
	messages.Backoff:        AblyDisconnected,
	messages.Suspended:      AblySuspended,
	messages.Held:           AblyDisconnected,
	messages.Draining:       AblyClosing,
	messages.Closing:        AblyClosing,
	messages.Closed:         AblyClosed,
	messages.Kicked:         AblyFailed,
	messages.Failed:         AblyFailed,
}

func ably(m *memory[AblyChange], change messages.StatusChanged) []AblyChange {
	state := ablyStates[change.Cur]
	if m.said && m.last.State == state {
		return nil // a later retry of the same state is no event there
	}
	return []AblyChange{{state, change.RetryIn}}
}
