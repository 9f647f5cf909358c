package vocabulary

import "github.com/seed14814784/holdfast/messages"

// PkStatus is ChannelStatus of PkWebSocketChannel.
type PkStatus string

// The channel statuses of PkWebSocketChannel.
const (
	PkConnecting    PkStatus = "connecting"
	PkConnected     PkStatus = "connected"
	PkDisconnecting PkStatus = "disconnecting"
	PkDisconnected  PkStatus = "disconnected"
	PkReconnecting  PkStatus = "reconnecting"
	PkError         PkStatus = "error"
)

// String returns the status's name.
func (s PkStatus) String() string { return string(s) }

// Pk translates into the channel statuses of PkWebSocketChannel.
func Pk() *Translator[PkStatus] { return translator(pk) }

func pk(m *memory[PkStatus], change messages.StatusChanged) []PkStatus {
	switch change.Cur {
	case messages.Ready:
		return []PkStatus{PkConnected}
	case messages.Draining, messages.Closing:
		return []PkStatus{PkDisconnecting}
	case messages.Idle, messages.Closed:
		return []PkStatus{PkDisconnected}
	case messages.Kicked, messages.Failed:
		return []PkStatus{PkError}
	default: // on its way
		if m.ever {
			return []PkStatus{PkReconnecting}
		}
		return []PkStatus{PkConnecting}
	}
}
