package wstest

import "time"

// closeTimeout is how long a client may take to answer a close frame.
const closeTimeout = 5 * time.Second

// Kick sends a close frame and returns; whoever reads (the handler, or the
// server after it) ends the connection when the client has answered, or after
// five seconds. Codes and texts that RFC 6455 forbids are sent as they are;
// code 0 is an empty body. A second Kick does nothing.
func (c *Conn) Kick(code int, text string) { c.KickRaw(closeBody(code, text)) }

// KickRaw is Kick with any body, such as one byte.
func (c *Conn) KickRaw(body []byte) {
	c.Upgrade()
	if c.muted.Load() || c.kicked.Swap(true) {
		return
	}
	c.WriteFrame(Frame{Op: OpClose, Data: body})
	c.timers.after(closeTimeout, func() { c.link.drop() })
}

// Close is a Kick that waits for the connection's end.
func (c *Conn) Close(code int, text string) {
	c.Kick(code, text)
	c.Wait()
}

// IgnoreClose does not answer the client's close frames, and goes on.
func (c *Conn) IgnoreClose() { c.deaf.Store(true) }

// DropOnClose ends the connection when the client sends a close frame, without an
// answer, as some servers do.
func (c *Conn) DropOnClose() { c.curt.Store(true) }

// farewell answers a close frame, unless it is the answer to ours.
func (c *Conn) farewell(body []byte) {
	if c.kicked.Load() {
		c.ending = "the answer to our close frame"
		c.link.drop()
		return
	}
	c.server.transcript.us(closing(body))
	if c.deaf.Load() || c.muted.Load() {
		return
	}
	c.ending = closing(body)
	if !c.curt.Load() {
		c.write(Frame{Op: OpClose, Data: body[:min(2, len(body))]}.Bytes())
	}
	c.link.drop()
}

// Drop ends the connection without a close frame: the client reads an EOF.
func (c *Conn) Drop() { c.end("eof", c.link.drop) }

// Reset ends the connection with an RST: the client reads ECONNRESET.
func (c *Conn) Reset() { c.end("reset", c.link.reset) }

// end writes down how the connection ends, before the client can know.
func (c *Conn) end(line string, how func() bool) {
	if !c.link.isOver() {
		c.server.transcript.peer(line)
		how()
	}
}

// abort ends the connection for Server.Close.
func (c *Conn) abort() { c.link.abort() }
