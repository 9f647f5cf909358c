package messages

import (
	"fmt"
	"time"
)

// Event is what observers are told. The set is closed: Snapshot,
// StatusChanged, Updated, Received, Outcome, Pong, Missed, Stopped,
// EndpointChanged, GateChanged, TokenWillExpire, Finding, and of rooms RoomSnapshot,
// RoomChanged and RoomsSettled.
type Event interface {
	// Subject is the channel the event is about, or "" if it is about none.
	Subject() ChannelID
}

// StatusChanged tells that a channel moved. Seq rises by one with every
// StatusChanged and Updated of a channel, Prev is the Cur of the change before,
// and Cur is never Prev.
type StatusChanged struct {
	Channel  ChannelID
	Seq      uint64
	Prev     Status
	Cur      Status
	Reason   Reason
	Attempt  int           // failures since the channel was last stable
	RetryIn  time.Duration // in Backoff and Suspended: when the next attempt is due
	Epoch    Epoch
	Planned  bool   // a rotation or the server's wish, not a failure
	Resumed  bool   // at Ready: the session continued where it stopped
	Gap      bool   // at Ready: something may be missing
	Degraded bool   // at Ready: catching up was incomplete
	Node     string // the server node the login landed on
	Action   Action // what to do about it
	At       time.Time
}

// Updated tells that something about a channel changed while its status did
// not: a hold was lifted while another remains, credentials were renewed.
type Updated struct {
	Channel ChannelID
	Seq     uint64
	Status  Status
	Reason  Reason
	At      time.Time
}

// Received is one inbound message. Data belongs to whoever receives it.
type Received struct {
	Channel ChannelID
	Room    RoomID // the room it was said in, if any
	Epoch   Epoch
	Kind    Kind
	Type    string // the protocol's type of the message, if it has one
	Data    []byte
	Meta    any // what the protocol knows beyond that, if anything; see its package
	At      time.Time

	Position  Position // in the room's history, if it has one
	Recovered bool     // said while we were away
}

// Outcome tells what became of a message that was accepted.
type Outcome struct {
	Channel ChannelID
	Room    RoomID // the room it was meant for, if any
	ID      MessageID
	Result  Result
	Reason  Reason
	Meta    any // what the peer said when it acknowledged, if anything; see the protocol's package
	At      time.Time
}

// Pong tells that a heartbeat was answered.
type Pong struct {
	Channel ChannelID
	Epoch   Epoch
	RTT     time.Duration
	At      time.Time
}

// Missed tells an observer that it fell behind: Count events were dropped from
// its queue just before this one.
type Missed struct {
	Observer string
	Count    uint64
}

// Stopped is the last event of a channel: its actor is gone and its ID is free.
type Stopped struct {
	Channel   ChannelID
	Seq       uint64 // the number of its last StatusChanged or Updated
	Reason    Reason
	Discarded uint64 // inbound messages that the handler was never given
	At        time.Time
}

// EndpointChanged tells that the breaker of an endpoint opened or closed.
type EndpointChanged struct {
	Endpoint string
	Open     bool // true: down, only probes are let through
	Waiting  int  // channels in the endpoint's queue
	At       time.Time
}

// GateChanged tells that dials are paused because this machine lacks what they need,
// or that they go on. While descriptors are lacking (ReasonFDLimit) the dials to all
// endpoints are paused; while local ports or addresses are (ReasonLocalPortsExhausted,
// ReasonLocalAddress), those to one endpoint. One dial at a time then finds out whether
// it is over. What is up stays up, and no attempts are counted.
type GateChanged struct {
	Endpoint string // whose dials; "" is every endpoint's
	Paused   bool
	Reason   Reason // what is lacking, or was
	Waiting  int    // channels in the queues
	At       time.Time
}

// TokenWillExpire tells that a channel's login ends soon, and that it is time to
// renew: by the credentials callback, which is asked at this moment if there is
// one, or by Renew. It comes once per login and renewal, when between 80 and 90 %
// of the time are over that was left then; how much that is is known from the
// token or from the server.
//
// A login that was not renewed when it ends is the end of its connection: the
// channel logs in anew with fresh credentials, or is Failed with ReasonCredExpired
// if nobody can fetch any.
type TokenWillExpire struct {
	Channel ChannelID
	Expires time.Time
	At      time.Time
}

// Finding tells of an unhealthy condition that a person should look at.
type Finding struct {
	Channel ChannelID
	Reason  Reason // its code names the condition
	Advice  string // what to do about it, in words
	At      time.Time
}

// Snapshot is everything a channel knows about itself at one moment. An
// observer that comes late gets one per channel first; the channel's next
// StatusChanged or Updated then has Seq+1.
type Snapshot struct {
	Channel   ChannelID
	Seq       uint64
	Status    Status
	Reason    Reason
	Since     time.Time // when the status was entered
	Attempt   int
	RetryAt   time.Time // in Backoff and Suspended
	Epoch     Epoch
	Node      string
	Degraded  bool          // in Ready: catching up was incomplete
	Endpoint  string        // what the gate and the breaker count the channel under
	Waiting   int           // messages in the outbox
	Bytes     int           // their size
	RTT       time.Duration // of the last heartbeat; 0 if there was none
	Attempts  uint64        // to connect, since the channel was opened
	Panics    uint64        // panics since the channel was opened
	Stale     uint64        // late or impossible events that were dropped
	Delivered uint64        // inbound messages handed to the handler
	Sent      uint64        // messages that were written or delivered
}

// Phase is the snapshot's status folded into six words.
func (s Snapshot) Phase() Phase { return s.Status.Phase() }

// Subject is the channel the event is about.
func (e StatusChanged) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e Updated) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e Received) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e Outcome) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e Pong) Subject() ChannelID { return e.Channel }

// Subject is "": the event is about the observer.
func (Missed) Subject() ChannelID { return "" }

// Subject is the channel the event is about.
func (e Stopped) Subject() ChannelID { return e.Channel }

// Subject is "": the event is about an endpoint.
func (EndpointChanged) Subject() ChannelID { return "" }

// Subject is "": the event is about this machine.
func (GateChanged) Subject() ChannelID { return "" }

// Subject is the channel the event is about.
func (e TokenWillExpire) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (e Finding) Subject() ChannelID { return e.Channel }

// Subject is the channel the event is about.
func (s Snapshot) Subject() ChannelID { return s.Channel }

// String renders the change as one line of a transcript.
func (e StatusChanged) String() string {
	line := fmt.Sprintf("%s %s -> %s", e.Channel, e.Prev, e.Cur)
	if e.Reason.Code != ReasonOK {
		line += " reason=" + e.Reason.String()
	}
	if e.Attempt > 0 {
		line += fmt.Sprintf(" attempt=%d", e.Attempt)
	}
	if e.RetryIn > 0 {
		line += fmt.Sprintf(" retry=%s", e.RetryIn.Round(time.Millisecond))
	}
	if e.Action != ActionNone && e.Action != ActionWait {
		line += " action=" + e.Action.String()
	}
	return line
}

// IgnoreDeadLetterLogging keeps payloads out of dead-letter logs.
func (Received) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the event out of dead-letter logs.
func (StatusChanged) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (Pong) IgnoreDeadLetterLogging() {}

// IgnoreDeadLetterLogging keeps the answer out of dead-letter logs.
func (Snapshot) IgnoreDeadLetterLogging() {}
