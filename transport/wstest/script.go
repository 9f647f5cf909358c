package wstest

import (
	"iter"
	"time"
)

// Messages yields the client's messages until the connection ends. Pings and
// close frames are answered on the way.
func (c *Conn) Messages() iter.Seq[Message] {
	return func(yield func(Message) bool) {
		for {
			switch in := c.next(); in.kind {
			case ended:
				return
			case data:
				if !yield(in.Message) {
					return
				}
			default: // answered already
			}
		}
	}
}

// Wait reads until the connection ends. The server does it with every
// connection whose handler has returned.
func (c *Conn) Wait() {
	if c.link.isOver() {
		return
	}
	if c.plain {
		c.discardPlain()
		return
	}
	for range c.Messages() {
	}
}

// Sleep lets time pass as a live server does: pings and close frames are
// answered meanwhile, messages wait for the next Expect. It returns early if
// the connection ends.
func (c *Conn) Sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		switch in := c.receive(timer.C); in.kind {
		case nothing, ended:
			return
		default:
			c.held = append(c.held, in)
		}
	}
}

// Expect waits for the next message, which must be this text. Anything else is
// reported, and the handler and the connection end.
func (c *Conn) Expect(text string) {
	c.expect(data, Message{Data: []byte(text)})
}

// ExpectBinary is Expect for a binary message.
func (c *Conn) ExpectBinary(payload []byte) {
	c.expect(data, Message{Binary: true, Data: payload})
}

// ExpectPong waits for the answer to Ping; a message before it is not what was
// expected.
func (c *Conn) ExpectPong(text string) {
	c.expect(pong, Message{Data: []byte(text)})
}

// ExpectPing waits for a ping, with any payload, and returns it. It is answered
// as the connection is set.
func (c *Conn) ExpectPing() []byte {
	for {
		switch in := c.next(); in.kind {
		case ping:
			return in.Data
		case pong:
		default:
			c.unexpected("a ping", in)
		}
	}
}

// ExpectClose waits for the client's close frame with that code; 0 is one
// without a code.
func (c *Conn) ExpectClose(code int) {
	for {
		switch in := c.next(); in.kind {
		case ping, pong:
		case goodbye:
			if closeCode(in.Data) == code {
				return
			}
			fallthrough
		default:
			c.unexpected(closing(closeBody(code, "")), in)
		}
	}
}

// Next waits for the next message, which must come, and returns it.
func (c *Conn) Next() Message {
	for {
		switch in := c.next(); in.kind {
		case ping, pong:
		case data:
			return in.Message
		default:
			c.unexpected("a message", in)
		}
	}
}

// expect waits for a message or a pong with that payload.
func (c *Conn) expect(kind inboundKind, want Message) {
	for {
		in := c.next()
		switch {
		case in.kind == kind && in.Message.String() == want.String() && string(in.Data) == string(want.Data):
			return
		case in.kind == ping, in.kind == pong && kind != pong:
		default:
			c.unexpected(inbound{kind, want}.String(), in)
		}
	}
}

// unexpected ends the handler: quietly if it was our side that ended the
// connection, with a report if the client did something else.
func (c *Conn) unexpected(want string, got inbound) {
	if got.kind == ended && c.ending == "" {
		panic(over)
	}
	what := got.String()
	if got.kind == ended {
		what = c.ending
	}
	c.fail("expected %s, got %s", want, what)
}

func (in inbound) String() string {
	switch in.kind {
	case data:
		return in.Message.String()
	case ping:
		return "ping " + quote(in.Data)
	case pong:
		return "pong " + quote(in.Data)
	case goodbye:
		return closing(in.Data)
	default:
		return "nothing"
	}
}
