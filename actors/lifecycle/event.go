package lifecycle

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Kind names what happened.
type Kind uint8

// The events of the table. Those that tell of a timer are named after it.
const (
	Connect Kind = iota
	ConnectTakeover
	Disconnect
	Drain
	Drop
	ForceReconnect
	Pause
	Resume
	NetworkDown
	NetworkUp
	ProbeOK
	Admitted
	Prepared
	PrepareFailed
	CredUnavailable
	Dialed
	DialFailed
	HTTPForbidden
	CredStale
	AuthFatal
	AuthOK
	AuthOKNoSync
	SessionInvalid
	SyncDone
	Lost
	Drained
	Kick
	ServerFatal
	CredExpired
	CredExpiredNoProvider
	GoAway
	RenewOK
	Panic
	Stop
	ProbeDue
	PrepareDue
	DialDue
	AuthDue
	SyncDue
	LivenessDue
	StableDue
	RotateDue
	DrainDue
	CloseDue
	BackoffDue
	OutageDue
	kindCount
)

// Event is one thing that happened to a channel.
type Event struct {
	Kind   Kind
	Reason messages.Reason // why; the row's own reason if it is zero
	At     time.Time       // when, for the outage clock
	GiveUp messages.Code   // a budget outside the strategy is spent: end with this code instead of waiting
}

// Step is what a transition asks its driver to do, beyond arming and
// cancelling the timers in which the two states differ.
type Step struct {
	Row    *Row            // the row that was taken
	Reason messages.Reason // the event's reason, or the row's
	Rearm  Timers          // timers to start anew although they were armed before
	// Dispose: the attempt is over. End its connection and whatever is in
	// flight, at once.
	Dispose       bool
	Counted       bool // a failure was counted
	Planned       bool // not a failure: a rotation, a wish of the server or the user
	Refresh       bool // the next address request asks for fresh credentials
	ForgetSession bool // resume state is worthless now
	Updated       bool // nothing moved, but observers are told
}
