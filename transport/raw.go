package transport

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// Raw is the protocol of a plain WebSocket: frames are messages, as they are.
// There is no login. The heartbeat is a WebSocket ping. Endings mean what
// RFC 6455 says, so that none of them is final. Nothing is acknowledged:
// outcomes are Written.
//
// A text message that is not UTF-8 is rejected with ReasonInvalidMessage, because
// the peer would have to end the connection for it (RFC 6455, 8.1).
func Raw() Protocol { return raw{} }

type raw struct{}

func (raw) Name() string               { return "websocket" }
func (raw) Traits() Traits             { return Traits{} }
func (raw) NewSession(Opening) Session { return &rawSession{} }

// rawSession counts its pings, so that no two payloads are the same.
type rawSession struct{ pings uint32 }

func (*rawSession) Open(link Link) error {
	link.LoggedIn(Login{})
	return nil
}

// Borrows implements [Borrower].
func (*rawSession) Borrows() bool { return true }

func (*rawSession) Receive(link Link, frame Frame) error {
	kind := messages.KindText
	if frame.Kind == FrameBinary {
		kind = messages.KindBinary
	}
	link.Deliver(kind, "", frame.Data)
	return nil
}

func (*rawSession) Send(link Link, _ messages.MessageID, message messages.Message) error {
	if message.Kind == messages.KindBinary {
		return link.Write(Frame{Kind: FrameBinary, Data: message.Data})
	}
	if !utf8.Valid(message.Data) {
		return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "a text message is not UTF-8; send it as binary")}
	}
	return link.Write(Frame{Kind: FrameText, Data: message.Data})
}

func (s *rawSession) Heartbeat(link Link) error {
	s.pings++
	return link.Write(Frame{Kind: FramePing, Data: binary.BigEndian.AppendUint32(nil, s.pings)})
}

func (*rawSession) Bye(Link) (code int, text string) { return 1000, "" }

func (*rawSession) Ending(reason messages.Reason) messages.Reason { return reason }
