package wstest

import (
	"errors"
	"io"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// maxPayload is the most bytes of a client's frame.
const maxPayload = 256 << 20

// frame is what the reading goroutine hands over: a frame, or the end.
type frame struct {
	header ws.Header
	data   []byte
	err    error
}

// inbound is one thing the client did, or that nothing came.
type inbound struct {
	kind inboundKind
	Message
}

type inboundKind uint8

const (
	nothing inboundKind = iota // it took too long
	ended                      // nothing comes any more
	data                       // a whole message
	ping
	pong
	goodbye // a close frame
)

// readFrames reads frames until the end. It is one frame ahead of the handler
// at most, so that a handler that does not read slows the client.
func (c *Conn) readFrames() {
	for {
		f := c.readFrame()
		select {
		case c.frames <- f:
		case <-c.link.over:
			return
		}
		if f.err != nil {
			return
		}
	}
}

func (c *Conn) readFrame() (f frame) {
	if f.header, f.err = ws.ReadHeader(c.reader); f.err != nil {
		return f
	}
	if f.header.Length > maxPayload {
		f.err = errors.New("a frame too large for a test")
		return f
	}
	f.data = make([]byte, f.header.Length)
	if _, f.err = io.ReadFull(c.reader, f.data); f.err == nil {
		ws.Cipher(f.data, f.header.Mask, 0)
	}
	return f
}

// next is the next thing the client did, held back by Sleep or not.
func (c *Conn) next() inbound {
	if len(c.held) > 0 {
		in := c.held[0]
		c.held = c.held[1:]
		return in
	}
	return c.receive(nil)
}

// receive takes the next thing the client did; nothing, if it took too long.
func (c *Conn) receive(tooLong <-chan time.Time) inbound {
	c.Upgrade()
	for {
		select {
		case f := <-c.frames:
			if in, whole := c.take(f); whole {
				return in
			}
		case <-tooLong:
			return inbound{kind: nothing}
		case <-c.link.over:
			return inbound{kind: ended}
		}
	}
}

// take writes a frame down, answers it, and makes the whole of fragments.
func (c *Conn) take(f frame) (in inbound, whole bool) {
	if f.err != nil {
		c.lost(f.err)
		return inbound{kind: ended}, true
	}
	c.check(f)
	switch f.header.OpCode {
	case ws.OpPing:
		c.pong(f.data)
		return inbound{ping, Message{Data: f.data}}, true
	case ws.OpPong:
		c.server.transcript.us("pong " + quote(f.data))
		return inbound{pong, Message{Data: f.data}}, true
	case ws.OpClose:
		c.farewell(f.data)
		return inbound{goodbye, Message{Data: f.data}}, true
	case ws.OpText, ws.OpBinary:
		c.whole = Message{Binary: f.header.OpCode == ws.OpBinary, Compressed: f.header.Rsv != 0}
	default: // a fragment; check let nothing else through
	}
	c.whole.Data = append(c.whole.Data, f.data...)
	c.fragmented = !f.header.Fin
	if c.fragmented {
		c.whole.Fragmented = true
		return inbound{}, false
	}
	m := c.whole
	c.whole = Message{}
	if m.Compressed {
		plain, err := inflate(m.Data)
		if err != nil {
			c.violation(1007, "a compressed message is not deflated: "+err.Error())
		}
		m.Data = plain
	}
	if !m.Binary && !utf8.Valid(m.Data) {
		c.violation(1007, "a text message is not UTF-8")
	}
	c.server.transcript.us(m.String())
	return inbound{data, m}, true
}

// check reports a client that breaks RFC 6455.
func (c *Conn) check(f frame) {
	state := ws.StateServerSide.Set(ws.StateExtended)
	if c.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(f.header, state); err != nil {
		c.violation(1002, err.Error())
	}
	if !c.deflation.legal(f.header) {
		c.violation(1002, "reserved bits are set that mean nothing")
	}
	if f.header.OpCode == ws.OpClose && len(f.data) > 0 {
		code, text := ws.ParseCloseFrameData(f.data)
		if code >= 1012 && code <= 1014 {
			code = ws.StatusNormalClosure // registered since RFC 6455 was written; gobwas/ws does not know them
		}
		if err := ws.CheckCloseFrameData(code, text); err != nil {
			c.violation(1002, err.Error())
		}
	}
}

// violation ends the connection of a client that broke RFC 6455, and the
// handler.
func (c *Conn) violation(code int, what string) {
	c.Kick(code, what)
	c.fail("the client broke RFC 6455: %s", what)
}

// lost ends the connection after the client ended it without a close frame.
func (c *Conn) lost(err error) {
	if c.link.isOver() {
		return
	}
	if c.ending == "" {
		switch {
		case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			c.ending = "eof"
		case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
			c.ending = "reset"
		default:
			c.ending = err.Error()
		}
		if !c.kicked.Load() {
			c.server.transcript.us(c.ending)
		}
	}
	c.link.drop()
}
