package wire

import "fmt"

// MaxBody is the most bytes that follow a frame's header. What announces more is
// refused, and what is more is not encoded.
const MaxBody = 1 << 20

// maxText is the longest string: its length is a signed number of 16 bits.
const maxText = 1<<15 - 1

// The versions of the protocol that differ from the one before. 2 is the oldest that
// is read and written.
const (
	VersionExpire = 3 // an expiry in SEND and RECV
	VersionNode   = 4 // a node in CONNACK
	VersionPlain  = 5 // no stream fields any more
	VersionWide   = 6 // sequence numbers have 64 bits
)

// Type is the type of a frame.
type Type byte

// The types of frames. 0 and what is above Event are reserved.
const (
	TypeConnect Type = iota + 1
	TypeConnack
	TypeSend
	TypeSendack
	TypeRecv
	TypeRecvack
	TypePing
	TypePong
	TypeDisconnect
	TypeSub
	TypeSuback
	TypeEvent
)

var typeNames = [...]string{
	TypeConnect: "CONNECT", TypeConnack: "CONNACK", TypeSend: "SEND", TypeSendack: "SENDACK",
	TypeRecv: "RECV", TypeRecvack: "RECVACK", TypePing: "PING", TypePong: "PONG",
	TypeDisconnect: "DISCONNECT", TypeSub: "SUB", TypeSuback: "SUBACK", TypeEvent: "EVENT",
}

// String returns the type's name, such as "SENDACK".
func (t Type) String() string {
	if t.reserved() {
		return fmt.Sprintf("Type(%d)", byte(t))
	}
	return typeNames[t]
}

func (t Type) reserved() bool { return t == 0 || int(t) >= len(typeNames) }

// single reports whether a frame of the type is one byte.
func (t Type) single() bool { return t == TypePing || t == TypePong }

// Flags are the low four bits of a frame's first byte.
type Flags byte

// The flags. A CONNACK has none of them: its lowest bit says that the server's
// version follows.
const (
	NoPersist Flags = 1 << iota // not stored, and has no sequence number
	RedDot                      // counts as unread
	SyncOnce                    // for one device of the recipient only
	DUP                         // sent before

	hasVersion = NoPersist // of a CONNACK
)

// Setting says what a message is and which fields it has.
type Setting byte

// The settings.
const (
	Receipt   Setting = 0x80 // a read receipt is asked for
	Signal    Setting = 0x20 // encrypted end to end
	NoEncrypt Setting = 0x10 // the payload is not encrypted for the way
	Topic     Setting = 0x08 // has a topic
	Stream    Setting = 0x02 // part of a stream
)

// Has reports whether all of those settings are made.
func (s Setting) Has(which Setting) bool { return s&which == which }

// streams reports whether a message has stream fields in that version.
func (s Setting) streams(version byte) bool {
	return s.Has(Stream) && version < VersionPlain
}

// Frame is one whole frame. What is in it is read by the method that is named
// after its type.
type Frame struct {
	Type  Type
	Flags Flags
	Body  []byte
}

// Ping is a heartbeat.
type Ping struct{}

// Append appends the frame.
func (Ping) Append(b []byte, _ byte) ([]byte, error) { return append(b, byte(TypePing)<<4), nil }

// Pong answers a heartbeat.
type Pong struct{}

// Append appends the frame.
func (Pong) Append(b []byte, _ byte) ([]byte, error) { return append(b, byte(TypePong)<<4), nil }
