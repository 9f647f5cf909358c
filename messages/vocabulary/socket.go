package vocabulary

import "github.com/seed14814784/holdfast/messages"

// SocketStatus is the status enum of the Flutter WebSocket utility.
type SocketStatus string

// The statuses of the Flutter WebSocket utility.
const (
	SocketConnected SocketStatus = "SocketStatusConnected"
	SocketFailed    SocketStatus = "SocketStatusFailed"
	SocketClosed    SocketStatus = "SocketStatusClosed"
)

// String returns the status's name.
func (s SocketStatus) String() string { return string(s) }

// Socket translates into the statuses of the Flutter WebSocket utility. It has
// no word for connecting: nothing is said before the first handshake is over.
func Socket() *Translator[SocketStatus] { return translator(socket) }

func socket(m *memory[SocketStatus], change messages.StatusChanged) []SocketStatus {
	switch change.Cur {
	case messages.Ready:
		return []SocketStatus{SocketConnected}
	case messages.Draining, messages.Closing, messages.Closed:
		return []SocketStatus{SocketClosed}
	case messages.Backoff, messages.Suspended, messages.Kicked, messages.Failed:
		return []SocketStatus{SocketFailed}
	case messages.Held:
		if paused(change) {
			return []SocketStatus{SocketClosed}
		}
		return []SocketStatus{SocketFailed}
	case messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating:
		if m.ever {
			return []SocketStatus{SocketFailed}
		}
		return nil
	default:
		return nil
	}
}
