package actors

import (
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Settings are what a channel is told when it is made. They are complete and
// checked: defaults and validation belong to whoever makes them.
type Settings struct {
	Channel messages.ChannelID
	Address transport.Address
	Handler func(messages.Received)

	// Endpoint is what the gate counts attempts under until an address has
	// been resolved; afterwards it is host and port of the last one.
	Endpoint string
	// Credentials are asked for a token at every attempt and before the last one
	// expires; nil: there are none but what the address has.
	Credentials Credentials
	// Refreshable: asking credentials and address again can give another token.
	Refreshable bool

	// Syncer catches up after each login; nil: nobody does but the protocol.
	Syncer Syncer

	*Rules
}

// Rules are what a channel can have in common with others: any number of them may
// share one Rules, which nobody changes.
type Rules struct {
	Dialer   transport.Dialer
	Protocol transport.Protocol
	Machine  lifecycle.Machine
	Gate     Gate
	Observer Observer
	Workers  *Workers
	Alarms   *Alarms
	// Crew runs the mailboxes; nil: each goes on a goroutine of its own when it has work.
	Crew *Crew

	// Insist: endings that a server calls final are retried all the same,
	// kicks excepted.
	Insist bool

	// GiveUpAfter ends a channel that waits at the gate when it should have been
	// up; 0 is never. Between attempts, that is the strategy's business.
	GiveUpAfter time.Duration

	// Report is told of panics in a user's code and in ours, with the stack. It
	// is called from any goroutine.
	Report func(channel messages.ChannelID, what string, stack []byte)

	Timeouts  Timeouts
	Keepalive Keepalive
	Outbox    OutboxLimits
	Inbox     InboxLimits
	Panics    PanicBudget
	Flapping  Flapping
	Rooms     RoomLimits

	// RoomStrategy decides when a join that was not granted is tried again.
	RoomStrategy func(messages.RoomPolicy) lifecycle.Strategy

	// Borrow lends the channel's handler the Data of a message for the time of the
	// call, which saves a copy of its own.
	Borrow bool
	// PublishReceived sends inbound messages to observers too.
	PublishReceived bool
	// Random draws from [0, 1).
	Random func() float64
}

// Timeouts are the deadlines of a channel. Zero turns one off, except for
// Prepare, Dial, Auth, Sync, Drain and Close, which are always set.
type Timeouts struct {
	Prepare     time.Duration // credentials and address callback together
	Dial        time.Duration // DNS, TCP, TLS and upgrade together
	Auth        time.Duration // login answer
	Sync        time.Duration // catching up
	Drain       time.Duration // flushing the outbox at the end
	Close       time.Duration // closing handshake
	StableAfter time.Duration // uptime that resets the attempt counter
	SessionTTL  time.Duration // outage after which the channel is Suspended
	MaxAge      time.Duration // planned rotation of a connection
	ProbeAfter  time.Duration // how long a network-down hint is believed
	MinInterval time.Duration // between two attempts that no delay separates
}

// Keepalive finds dead peers: every Interval (±Jitter) a heartbeat is sent, and
// without any inbound for Interval+Grace the connection is given up.
type Keepalive struct {
	Interval time.Duration // 0: no heartbeats and no idle deadline
	Grace    time.Duration
	Jitter   float64 // part of the interval, 0 to 1
	OneWay   bool    // the peer answers nothing: heartbeats are sent, silence proves nothing
}

// RoomLimits bound a channel's rooms and pace its questions about them. A
// question is a join or a verify; leaves are asked at once.
type RoomLimits struct {
	Rooms       int           // that the channel may know at once: wanted, on their way out, or ended and not left
	JoinWindow  int           // questions that may be unanswered at once
	JoinRate    float64       // questions per second, after a burst of JoinWindow
	Join        time.Duration // answer to a join, counted from when it was asked
	Verify      time.Duration // answer to a verify
	Leave       time.Duration // answer to a leave
	StableAfter time.Duration // in the room, which resets its attempt counter
}

// PanicBudget is how many panics a channel may have within a window before it
// is Failed.
type PanicBudget struct {
	Max    int
	Within time.Duration
}

// Observer is told everything that happens to a channel. Publish must not
// block; commit runs first, so that whoever starts to observe sees either the
// state before commit and the event, or the state after it and no event.
type Observer interface {
	Publish(event messages.Event, commit func())
	// Watched reports whether anybody wants to know of single messages and
	// heartbeats. While nobody does, they need not be published.
	Watched() bool
}
