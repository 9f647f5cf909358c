package lifecycle

import (
	"fmt"
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

var kindNames = [kindCount]string{
	Connect: "Connect", ConnectTakeover: "ConnectTakeover", Disconnect: "Disconnect",
	Drain: "Drain", Drop: "Drop", ForceReconnect: "ForceReconnect", Pause: "Pause",
	Resume: "Resume", NetworkDown: "NetworkDown", NetworkUp: "NetworkUp", ProbeOK: "ProbeOK",
	Admitted: "Admitted", Prepared: "Prepared", PrepareFailed: "PrepareFailed",
	CredUnavailable: "CredUnavailable", Dialed: "Dialed", DialFailed: "DialFailed",
	HTTPForbidden: "HTTPForbidden", CredStale: "CredStale", AuthFatal: "AuthFatal",
	AuthOK: "AuthOK", AuthOKNoSync: "AuthOKNoSync", SessionInvalid: "SessionInvalid",
	SyncDone: "SyncDone", Lost: "Lost", Drained: "Drained", Kick: "Kick",
	ServerFatal: "ServerFatal", CredExpired: "CredExpired",
	CredExpiredNoProvider: "CredExpiredNoProvider", GoAway: "GoAway", RenewOK: "RenewOK",
	Panic: "Panic", Stop: "Stop", ProbeDue: "T:probe", PrepareDue: "T:prepare",
	DialDue: "T:dial", AuthDue: "T:auth", SyncDue: "T:sync", LivenessDue: "T:liveness",
	StableDue: "T:stable", RotateDue: "T:rotate", DrainDue: "T:drain", CloseDue: "T:close",
	BackoffDue: "T:backoff", OutageDue: "T:outage",
}

// String returns the kind's name, such as "Lost"; that of a timer's event is
// the timer's with a T before it, such as "T:backoff".
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Kinds lists every kind of event.
func Kinds() []Kind {
	all := make([]Kind, kindCount)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Event is one thing that happened to a channel.
type Event struct {
	Channel messages.ChannelID // whose it is, for the strategy
	Kind    Kind
	Reason  messages.Reason // why; the row's own reason if it is zero
	At      time.Time       // when, for the outage clock
	GiveUp  messages.Code   // a budget outside the strategy is spent: end with this code instead of waiting
}

// Step is what a transition asks its driver to do, beyond arming and
// cancelling the timers in which the two states differ.
type Step struct {
	Row    *Row            // the row that was taken; it belongs to the table
	Reason messages.Reason // the event's reason, or the row's, or why the channel gave up or is held
	Delay  time.Duration   // in Backoff and Suspended: how long TimerBackoff runs
	Rearm  Timers          // timers to start anew although they were armed before
	// Dispose: the attempt is over. End its connection and whatever is in
	// flight, at once.
	Dispose       bool
	Counted       bool // a failure was counted
	Planned       bool // not a failure: a rotation, a wish of the server or the user
	Refresh       bool // the next address request asks for fresh credentials
	ForgetSession bool // resume state is worthless now
	Degraded      bool // Ready, although catching up was not completed
	Updated       bool // nothing moved, but observers are told
}
