package vocabulary

import "github.com/seed14814784/holdfast/messages"

// NATSStatus is nats.Status of nats.go.
type NATSStatus int

// The connection statuses of nats.go.
const (
	NATSDisconnected NATSStatus = 0
	NATSConnected    NATSStatus = 1
	NATSClosed       NATSStatus = 2
	NATSReconnecting NATSStatus = 3
	NATSConnecting   NATSStatus = 4
	NATSDrainingSubs NATSStatus = 5
	NATSDrainingPubs NATSStatus = 6
)

var natsNames = [...]string{
	"DISCONNECTED", "CONNECTED", "CLOSED", "RECONNECTING", "CONNECTING", "DRAINING_SUBS", "DRAINING_PUBS",
}

// String returns the status's name, such as "DRAINING_SUBS".
func (s NATSStatus) String() string {
	if s >= 0 && int(s) < len(natsNames) {
		return natsNames[s]
	}
	return "NATSStatus" + number(int(s))
}

// NATS translates into the connection statuses of nats.go.
func NATS() *Translator[NATSStatus] { return translator(nats) }

func nats(m *memory[NATSStatus], change messages.StatusChanged) []NATSStatus {
	switch change.Cur {
	case messages.Queued, messages.Preparing, messages.Dialing, messages.Authenticating:
		if m.ever {
			return []NATSStatus{NATSReconnecting}
		}
		return []NATSStatus{NATSConnecting}
	case messages.Ready:
		return []NATSStatus{NATSConnected}
	case messages.Backoff:
		if m.said && m.last == NATSReconnecting {
			return nil // still the same outage
		}
		return []NATSStatus{NATSDisconnected, NATSReconnecting}
	case messages.Suspended:
		return []NATSStatus{NATSReconnecting}
	case messages.Held:
		if !paused(change) {
			return []NATSStatus{NATSDisconnected}
		}
		return nil
	case messages.Draining:
		return []NATSStatus{NATSDrainingSubs}
	case messages.Closing:
		return []NATSStatus{NATSDrainingPubs}
	case messages.Closed, messages.Kicked, messages.Failed:
		return []NATSStatus{NATSClosed}
	default:
		return nil
	}
}
