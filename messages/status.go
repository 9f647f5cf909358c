package messages

import "fmt"

// Status is where a channel stands. The numbers are stable.
type Status uint8

// The fifteen statuses of a channel.
const (
	Idle           Status = iota // created, never asked to connect
	Queued                       // wants to connect, waits for a permit to dial
	Preparing                    // the address callback is running
	Dialing                      // name resolution, TCP, TLS, WebSocket upgrade
	Authenticating               // the login was sent, its answer is awaited
	Syncing                      // logged in, catching up
	Ready                        // usable: the outbox flows
	Backoff                      // waiting a short delay after a failure
	Suspended                    // the outage is long: continuity is lost, retries are slow
	Held                         // wants to be up, but is paused or has no network
	Draining                     // no new sends; flushing what is left
	Closing                      // the closing handshake is under way
	Closed                       // ended by a local command
	Kicked                       // ended by the server: another login, or an administrator
	Failed                       // ended by refusal, policy or an exhausted budget
)

var statusNames = [...]string{
	Idle: "Idle", Queued: "Queued", Preparing: "Preparing", Dialing: "Dialing",
	Authenticating: "Authenticating", Syncing: "Syncing", Ready: "Ready",
	Backoff: "Backoff", Suspended: "Suspended", Held: "Held",
	Draining: "Draining", Closing: "Closing", Closed: "Closed",
	Kicked: "Kicked", Failed: "Failed",
}

// Statuses lists every status in the order of their numbers.
func Statuses() []Status {
	all := make([]Status, len(statusNames))
	for i := range all {
		all[i] = Status(i)
	}
	return all
}

// String returns the status's name, such as "Ready".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Ended reports whether the channel stays as it is until it is told to connect.
func (s Status) Ended() bool { return s.Phase() == PhaseEnded }

// Phase folds the status into one of six coarse phases.
func (s Status) Phase() Phase {
	switch s {
	case Idle:
		return PhaseDown
	case Queued, Preparing, Dialing, Authenticating, Syncing:
		return PhaseConnecting
	case Ready:
		return PhaseUp
	case Backoff, Suspended, Held:
		return PhaseWaiting
	case Draining, Closing:
		return PhaseLeaving
	default:
		return PhaseEnded
	}
}

// Phase is the coarse view of a status.
type Phase uint8

// The six phases.
const (
	PhaseDown       Phase = iota // never asked to connect
	PhaseConnecting              // an attempt is queued or running
	PhaseUp                      // usable
	PhaseWaiting                 // will try again by itself
	PhaseLeaving                 // on its way out
	PhaseEnded                   // stays so until told to connect
)

var phaseNames = [...]string{"Down", "Connecting", "Up", "Waiting", "Leaving", "Ended"}

// String returns the phase's name, such as "Waiting".
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}
