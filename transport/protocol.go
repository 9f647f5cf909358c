package transport

import (
	"context"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Protocol is what a backend expects on top of the socket: login, heartbeat,
// frames, the meaning of an ending. One value serves every channel that uses
// it, concurrently; the state of one connection lives in its Session.
type Protocol interface {
	// Name is the scheme of the protocol's numbers in [messages.Wire].
	Name() string
	// Traits tells what the protocol can do.
	Traits() Traits
	// NewSession starts the protocol on a fresh connection.
	NewSession(opening Opening) Session
}

// Traits are the abilities of a protocol that delivery depends on.
type Traits struct {
	Acknowledges bool // the peer answers each message: outcomes are Delivered, not Written
	Deduplicates bool // the peer drops a message it had: sending again is safe; see also Link.Deduplicates

	Rooms       bool // sessions are RoomSessions
	RoomIDBytes int  // the longest ID of a room; 0: there is no limit
	VerifyBatch int  // how many rooms one Verify takes; 0: one
}

// Opening is what a session may know about its connection.
type Opening struct {
	Channel messages.ChannelID
	Epoch   messages.Epoch
	Life    uint64 // drawn when the channel was opened: with it, an id of a message is unique in the world
	Target  Target
	Info    ConnInfo
	Token   messages.Token // what to log in with: the Target's, or of the channel's credentials; zero if there is none
	Memory  any            // what an earlier session of the channel gave to Keep; nil if none did
	Fresh   bool           // the server will not resume: it refused the session before, or that is too old
}

// Session is the protocol's side of one connection. Its methods are called by
// the connection actor only, never concurrently, and must not block. The actor may
// run on the goroutine of a caller of Channel.Send, so methods must not take a lock
// that somebody holds around that.
//
// An error that one returns ends the connection with the error's reason
// (ReasonProtocolError if it carries none); a panic ends it with
// ReasonActorPanic.
type Session interface {
	// Open is called once, when the socket is up: send the login, or call
	// link.LoggedIn at once if there is none.
	Open(link Link) error
	// Receive handles one inbound data frame.
	Receive(link Link, frame Frame) error
	// Send writes one message of the outbox, in one or more frames, and
	// returns an error with ReasonTooLarge, ReasonInvalidMessage, ReasonNack or
	// ReasonNotSupported if the message itself is at fault: then only the
	// message is rejected. ReasonSlowConsumer from the first link.Write passes
	// through: the message is sent again once the socket has room.
	Send(link Link, id messages.MessageID, message messages.Message) error
	// Heartbeat writes one heartbeat: a WebSocket ping, or whatever the
	// backend wants to hear.
	Heartbeat(link Link) error
	// Bye is called before the closing handshake: write a logout, if there is
	// one. The close code and text to use are returned.
	Bye(link Link) (code int, text string)
	// Ending gives an ending its meaning: it gets the reason as the transport
	// saw it and returns it as the backend means it. Only here may an ending
	// become final (ClassKicked, ClassBanned, ClassForbidden).
	Ending(reason messages.Reason) messages.Reason
}

// Renewer is a Session that can present fresh credentials on a live connection.
// The server's answer goes to [Link.Renewed]; one that says no is an error of
// Receive, of ClassStale or ClassForbidden.
type Renewer interface {
	Renew(link Link, token messages.Token) error
}

// Taker is a Session that wants to know what became of messages whose
// [Publication.Receipt] it set. taken says that the handler has returned, or has
// had the message before; otherwise it was dropped: the room is not joined. Both
// come later than the Publish, in no particular order, after a login: what
// becomes of a message of an earlier connection is told to the session that
// follows it, and so is what becomes of one after Bye. Errors are those of Receive.
type Taker interface {
	Taken(link Link, receipt any, taken bool) error
}

// Asker is a Session that asks others than its peer, see [Link.Ask]. Errors are
// those of Receive.
type Asker interface {
	Answered(link Link, answer any) error
}

// Borrower is a [Session] that may keep nothing of a frame after Receive has returned,
// but for what it gives to Link.Deliver or Link.Publish. Frames are not copied for it
// then: Data is its own for the time of the call. Whoever wraps a session has to say
// again that it borrows: one that does not is given frames to keep.
type Borrower interface {
	Session
	// Borrows is asked once, before Open.
	Borrows() bool
}

// Link is what a session may do with its connection. It is valid during the
// call it was passed to.
type Link interface {
	// Write queues a frame. Return its error, if any: see [Conn].
	Write(frame Frame) error
	// LoggedIn says that the login was accepted.
	LoggedIn(login Login)
	// Synced says that catching up is done, after a LoggedIn with Sync.
	Synced()
	// Ask runs a question in a goroutine of its own, where it may block: a call of
	// an HTTP API, or a wait. What it returns goes to [Asker.Answered], unless the
	// connection has ended or Bye was called before; ctx ends with the connection,
	// and closing the fleet waits for the question. A panic ends the connection. How
	// many questions run at once is the session's to limit.
	Ask(question func(ctx context.Context) (answer any))
	// Deliver hands a message to the channel's handler, in order. While too many wait
	// for the handler nothing is read; before LoggedIn, one that finds no room ends the
	// attempt with ReasonSlowConsumer.
	Deliver(kind messages.Kind, kindOfMessage string, data []byte)
	// Acknowledge says what the peer made of a message: Delivered if reason is
	// zero, else Rejected. meta is the outcome's.
	Acknowledge(id messages.MessageID, reason messages.Reason, meta any)
	// Deduplicates says, as soon as it shows, that this peer drops a message it
	// had: what is written without an answer is sent again on the next connection.
	Deduplicates()
	// HeartbeatAnswered says that the last heartbeat was answered, so that its
	// round-trip time is known. WebSocket pongs are matched without it.
	HeartbeatAnswered()
	// GoAway says that the server wants us to leave within that time.
	GoAway(within time.Duration, reason messages.Reason)
	// Renewed says that fresh credentials were accepted, and for how long they
	// are good; 0: for as long as the token says.
	Renewed(ttl time.Duration)
	// Keep holds something for the channel's next session, see Opening.Memory.
	// It belongs to one session after the other, never to two at once.
	Keep(memory any)
	// Room tells what the server said about a room.
	Room(ticket Ticket, news RoomNews)
	// Publish hands a message of a room to the room's handler, in order. What
	// comes before the room is joined waits for that; what had been received
	// before, by its offset, is dropped. Where there is no room for it, see Deliver.
	Publish(room messages.RoomID, publication Publication)
}

// Login is what a server said when it accepted the login.
type Login struct {
	Node      string        // which server node it is
	Sync      bool          // catching up follows; Synced will be called
	Resumed   bool          // the session continues where it stopped
	Gap       bool          // something may be missing
	Heartbeat time.Duration // the interval the server wants; 0 means ours
	TTL       time.Duration // the login is good for that long; 0: for as long as the token says
}
