package transport

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// RoomSession is the Session of a protocol that has rooms. Whatever it asks the
// server, the answer goes to [Link.Room] with the ticket of the question, in a
// later call or in this one. A question that is never answered runs into the
// room's deadline.
//
// An error of Join, Verify or Leave that blames the request
// (ReasonInvalidSpec, ReasonNotSupported, ReasonTooLarge) is the room's refusal;
// ReasonSlowConsumer from the first link.Write puts the request off until the
// socket has room. Any other error ends the connection.
type RoomSession interface {
	Session
	// Join asks to be let in: for the first time, or again after an interruption.
	Join(link Link, request JoinRequest) error
	// Verify asks, for up to Traits.VerifyBatch rooms at once, whether we are
	// still a member. The answers are RoomJoined if so, and then messages flow
	// again on this connection; RoomNotIn if not; RoomNotExist.
	//
	// A protocol whose server cannot tell answers RoomNotIn at once.
	Verify(link Link, requests []JoinRequest) error
	// Leave asks to be let go. It is also called for rooms that this connection
	// never joined, when an earlier one may have left a membership behind; and
	// again at the next contacts, until it is answered. What the server says in
	// the room before the answer belongs to the time before.
	Leave(link Link, ticket Ticket) error
}

// RoomRenewer is a RoomSession whose rooms have tokens of their own that can be
// renewed while joined. The answer is RoomRenewed; one that says no need not be
// told, for the server takes us out when the old token ends. An error means what
// one of Join means: where it blames the request, the room keeps the old token.
type RoomRenewer interface {
	RenewRoom(link Link, ticket Ticket, token messages.Token) error
}

// Ticket is one question about a room. An answer to an older question than the
// last is dropped.
type Ticket struct {
	Room   messages.RoomID
	Number uint64
}

// JoinRequest is what a protocol may know about a room that it joins.
type JoinRequest struct {
	Ticket
	How      messages.JoinHow
	Rejoin   bool              // it was joined before
	Position messages.Position // where to go on; zero: with what comes
	Token    messages.Token    // of the room's own; zero: it has none
}

// RoomNews is what a server said about a room: an answer, or on its own.
type RoomNews struct {
	Kind   RoomKind
	Reason messages.Reason // why, for all but RoomJoined, RoomLeft and RoomRenewed

	// Of RoomJoined:
	Position  messages.Position // where the room goes on after History; zero: it keeps no history
	Recovered bool              // nothing is missing since the request's position
	History   []Publication     // what was missed, oldest first

	// Of RoomJoined and RoomRenewed:
	TTL time.Duration // the room's token is good for that long; 0: for ever
}

// RoomKind tells what happened to a room.
type RoomKind uint8

// The kinds of news.
const (
	RoomJoined    RoomKind = iota // we are in
	RoomLeft                      // we are out, as we asked
	RoomNotExist                  // there is no such room
	RoomDenied                    // we may not, and asking again does not help
	RoomRetry                     // not now: ask again later
	RoomNotIn                     // we were taken out while we were away
	RoomDetached                  // the server took us out; we may ask to come back
	RoomEvicted                   // somebody removed us
	RoomDestroyed                 // the room was closed for everybody
	RoomRevoked                   // our permission was taken back
	RoomRenewed                   // the token that RenewRoom presented was accepted
)

var roomKindNames = [...]string{
	"Joined", "Left", "NotExist", "Denied", "Retry", "NotIn", "Detached", "Evicted", "Destroyed", "Revoked",
	"Renewed",
}

// String returns the kind's name, such as "Joined".
func (k RoomKind) String() string {
	if int(k) < len(roomKindNames) {
		return roomKindNames[k]
	}
	return "RoomKind(?)"
}

// Publication is one message of a room.
type Publication struct {
	Kind   messages.Kind
	Type   string // the protocol's type of the message, if it has one
	Data   []byte
	Meta   any    // of the message that the handler is given
	Offset uint64 // in the room's history; 0: it has none
	// Receipt comes back to a Taker with what became of the message; nil: nobody
	// is told.
	Receipt any
	// Unasked: the server put us into the room by itself. The message is
	// delivered although nobody joined the room here, or the room has ended: to the
	// channel's handler.
	Unasked bool
}
