package messages

import (
	"fmt"
	"time"
)

// ChannelID names a channel within its fleet.
type ChannelID string

// MessageID numbers the messages a channel accepted, from 1.
type MessageID uint64

// Epoch numbers a channel's attempts to connect, from 1. Everything that comes
// back later carries the epoch it left in.
type Epoch uint64

// Kind tells text from binary data.
type Kind uint8

const (
	// KindText is UTF-8 text.
	KindText Kind = iota
	// KindBinary is any bytes.
	KindBinary
)

// String returns "text" or "binary".
func (k Kind) String() string {
	if k == KindBinary {
		return "binary"
	}
	return "text"
}

// Message is what a program sends. Data belongs to the channel from Send on and
// must not be changed.
type Message struct {
	Kind Kind
	Type string // the protocol's type of the message, if it has types; "" is its default
	Data []byte
	Room RoomID // the room it is said in; "" for none. Room.Send fills it in
	Meta any    // what the protocol wants to know beyond that, if anything; see its package

	// TTL is how long the message may wait to be written before it expires;
	// 0 means the channel's default.
	TTL time.Duration

	// AllowDuplicate permits sending the message again when the connection was
	// lost after it was written and before it was acknowledged. Without it,
	// such a message ends as Unknown, unless the peer removes duplicates.
	AllowDuplicate bool
}

// Text is a text message.
func Text(s string) Message { return Message{Kind: KindText, Data: []byte(s)} }

// Binary is a binary message.
func Binary(data []byte) Message { return Message{Kind: KindBinary, Data: data} }

// Typed is the message with a type, for protocols that have types.
func (m Message) Typed(name string) Message {
	m.Type = name
	return m
}

// In is the message for a room.
func (m Message) In(room RoomID) Message {
	m.Room = room
	return m
}

// Expiring is the message with a time to live.
func (m Message) Expiring(after time.Duration) Message {
	m.TTL = after
	return m
}

// String describes the message without showing what is in it.
func (m Message) String() string { return fmt.Sprintf("%s message of %d bytes", m.Kind, len(m.Data)) }

// Result is what became of a message.
type Result uint8

// The results, of which every accepted message gets exactly one.
const (
	ResultPending   Result = iota // not known yet
	ResultDelivered               // the peer acknowledged it
	ResultWritten                 // its bytes left; the protocol has no acknowledgement
	ResultExpired                 // it waited longer than its time to live
	ResultDropped                 // the outbox was full and its policy chose this one
	ResultRejected                // the peer said no
	ResultFailed                  // the channel ended first; it was never written
	ResultUnknown                 // written, connection lost, no answer, not sent again
)

var resultNames = [...]string{
	"Pending", "Delivered", "Written", "Expired", "Dropped", "Rejected", "Failed", "Unknown",
}

// String returns the result's name, such as "Delivered".
func (r Result) String() string {
	if int(r) < len(resultNames) {
		return resultNames[r]
	}
	return fmt.Sprintf("Result(%d)", uint8(r))
}

// OK reports whether the message left as far as the protocol can tell.
func (r Result) OK() bool { return r == ResultDelivered || r == ResultWritten }
